//! The face of the crate: plugins at work, how they are started and stopped.

use std::sync::Arc;
use std::time::Duration;

use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use teahouse_jobs::{Outbox, Runner};
use teahouse_outbound::Outbound;
use teahouse_plugin_host::{Compile, Host};
use teahouse_protocol::{Clock, NodeId};
use teahouse_store::{Db, plugin_events, plugin_kv, plugin_nodes, plugin_verdicts, plugin_versions};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::bots::{Arrivals, Dispatch, Dispatcher, LONGEST_WAIT, Wakes};
use crate::config::PluginsConfig;
use crate::lifecycle::{Lifecycle, SecretsKey};
use crate::registry::{Registry, RegistryParts, SILENT};
use crate::rounds::goes_on;
use crate::services::{FireTimers, Grounds, Kv, flush_dirty};
use crate::verdicts::Verdicts;

/// How long filters' counting gathers before it is written.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// How often what is old is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How long verdicts are kept.
const VERDICTS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Verdicts swept in one go.
const VERDICTS_A_SWEEP: u64 = 10_000;

/// What plugins' work is made of.
pub struct PluginsParts {
    /// The database, migrated.
    pub db: Db,
    /// This process among those that share the database; its place there is held by who starts this.
    pub node: NodeId,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The conversation: plugins become its hooks.
    pub chat: Chat,
    /// Who people are: bots get users.
    pub accounts: Accounts,
    /// Where timers are due.
    pub outbox: Outbox,
    /// Requests out of the house.
    pub outbound: Outbound,
    /// The sandbox.
    pub host: Host,
    /// How components are compiled.
    pub compile: Compile,
    /// Opens plugins' secrets.
    pub secrets: SecretsKey,
    /// What is installed. What it changes in this process takes effect at once, what others change within a second.
    pub lifecycle: Lifecycle,
    /// The section `plugins`.
    pub config: PluginsConfig,
}

/// Plugins at work on this node. Clones share it.
#[derive(Clone)]
pub struct Plugins(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) grounds: Arc<Grounds>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) arrivals: Arrivals,
    pub(crate) verdicts: Verdicts,
    pub(crate) lifecycle: Lifecycle,
    wakes: Wakes,
}

/// The tasks behind [`Plugins`]; keep it to stop them in order.
pub struct PluginsTasks {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    recorder: JoinHandle<()>,
    plugins: Plugins,
}

/// What arises at work, for the tasks that see to it.
struct Arising {
    /// What filters counted.
    dirty: mpsc::UnboundedReceiver<Arc<Kv>>,
    /// Plugins whose quarantine changed.
    unwell: mpsc::UnboundedReceiver<Arc<str>>,
    /// Writes verdicts.
    recorder: JoinHandle<()>,
}

impl Plugins {
    /// Loads what is enabled, takes its place in the conversation, and hands bots their events. What does not load is
    /// reported, and the rest runs.
    ///
    /// # Errors
    /// [`Error::Store`] when what is installed can't be read.
    pub async fn start(parts: PluginsParts) -> Result<(Self, PluginsTasks), Error> {
        let (chat, is_enabled) = (parts.chat.clone(), parts.config.enabled);
        let (plugins, Arising { dirty, unwell, recorder }) = Self::assemble(parts);
        if is_enabled {
            plugins.0.registry.refresh().await?;
        }
        chat.set_hooks(Arc::clone(&plugins.0) as Arc<dyn teahouse_chat::Hooks>);
        let stop = CancellationToken::new();
        let mut tasks = vec![
            tokio::spawn(flush_dirty(dirty, FLUSH_EVERY, stop.clone())),
            tokio::spawn(save_health(plugins.clone(), unwell, stop.clone())),
            tokio::spawn(sweep(plugins.clone(), stop.clone())),
        ];
        if is_enabled {
            tasks.extend(plugins.follow(&stop));
        }
        Ok((plugins.clone(), PluginsTasks { stop, tasks, recorder, plugins }))
    }

    /// Nothing of it is loaded yet.
    fn assemble(parts: PluginsParts) -> (Self, Arising) {
        let (tell_dirty, dirty) = mpsc::unbounded_channel();
        let (tell_unwell, unwell) = mpsc::unbounded_channel();
        let (verdicts, recorder) = Verdicts::start(parts.db.clone());
        let grounds = Arc::new(Grounds {
            db: parts.db,
            node: parts.node,
            clock: parts.clock,
            chat: parts.chat,
            accounts: parts.accounts,
            outbox: parts.outbox,
            outbound: parts.outbound,
            config: parts.config,
            echoes: crate::bots::Echoes::default(),
        });
        let registry = Arc::new(Registry::new(RegistryParts {
            grounds: Arc::clone(&grounds),
            host: parts.host,
            compile: parts.compile,
            secrets: parts.secrets,
            dirty: tell_dirty,
            unwell: tell_unwell,
        }));
        let wakes = Wakes::default();
        let plugins = Self(Arc::new(Inner {
            arrivals: Arrivals::new(Arc::clone(&grounds), Arc::clone(&registry), wakes.clone()),
            grounds,
            registry,
            verdicts,
            lifecycle: parts.lifecycle,
            wakes,
        }));
        (plugins, Arising { dirty, unwell, recorder })
    }

    fn follow(&self, stop: &CancellationToken) -> [JoinHandle<()>; 3] {
        let swapped = Arc::new(Notify::new());
        let dispatcher = Dispatcher::new(Dispatch {
            grounds: Arc::clone(&self.0.grounds),
            registry: Arc::clone(&self.0.registry),
            wakes: self.0.wakes.clone(),
            node: self.0.grounds.node,
            stop: stop.clone(),
        });
        let (registry, told, following) = (Arc::clone(&self.0.registry), Arc::clone(&swapped), stop.clone());
        [
            tokio::spawn(async move { registry.follow(following, || told.notify_one()).await }),
            tokio::spawn(dispatcher.run(swapped)),
            tokio::spawn(heed(Arc::clone(&self.0.registry), self.0.lifecycle.changes(), stop.clone())),
        ]
    }

    /// What is installed, and every change to it.
    #[must_use]
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.0.lifecycle
    }

    /// Has `runner` fire plugins' timers.
    #[must_use]
    pub fn register_jobs(&self, runner: Runner) -> Runner {
        let grounds = &self.0.grounds;
        runner.register(FireTimers {
            db: grounds.db.clone(),
            outbox: grounds.outbox.clone(),
            clock: Arc::clone(&grounds.clock),
            wakes: self.0.wakes.clone(),
        })
    }

    /// Brings what runs in line with the database now, and waits for it; true when something changed. It happens by
    /// itself within a second.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn refresh(&self) -> Result<bool, Error> {
        if !self.0.grounds.config.enabled {
            return Ok(false);
        }
        let changed = self.0.registry.refresh().await?;
        self.0.registry.notify();
        Ok(changed)
    }
}

impl PluginsTasks {
    /// Begins no more events, waits for those under way, and writes what was counted and recorded. Messages that are
    /// checked meanwhile still are.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the plugins ended badly");
            }
        }
        let inner = &self.plugins.0;
        for (id, resident) in inner.registry.residents() {
            resident.house.kv().flush().await;
            inner.registry.save_health(&id).await;
        }
        inner.verdicts.close();
        if let Err(error) = self.recorder.await {
            tracing::error!(%error, "the record of verdicts ended badly");
        }
    }
}

/// Has the registry look when this process changed what is installed.
async fn heed(registry: Arc<Registry>, mut changes: watch::Receiver<u64>, stop: CancellationToken) {
    while let Some(Ok(())) = stop.run_until_cancelled(changes.changed()).await {
        registry.notify();
    }
}

/// Writes quarantines that changed.
async fn save_health(
    plugins: Plugins,
    mut unwell: mpsc::UnboundedReceiver<Arc<str>>,
    stop: CancellationToken,
) {
    while let Some(Some(plugin)) = stop.run_until_cancelled(unwell.recv()).await {
        plugins.0.registry.save_health(&plugin).await;
    }
}

/// Drops what is too old.
async fn sweep(plugins: Plugins, stop: CancellationToken) {
    while goes_on(&stop, SWEEP_EVERY, std::future::pending()).await {
        if let Err(error) = plugins.sweep().await {
            tracing::warn!(%error, "what plugins left behind was not swept");
        }
    }
}

impl Plugins {
    /// Drops events older than an hour, values that have expired, verdicts older than 30 days, what silent nodes said, and
    /// compiled code of versions that are gone. Happens by itself each minute.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sweep(&self) -> Result<(), Error> {
        let (db, now) = (&self.0.grounds.db, self.0.grounds.clock.now());
        for (plugin, events) in plugin_events::delete_before(db.writer(), now - LONGEST_WAIT).await? {
            tracing::warn!(plugin.id = plugin, events, "events waited too long, and were dropped");
            self.0.registry.resident(&plugin).queue.dropped(events);
        }
        plugin_kv::delete_expired(db, now).await?;
        plugin_verdicts::delete_before(db.writer(), now - VERDICTS_KEPT, VERDICTS_A_SWEEP).await?;
        plugin_nodes::delete_before(db.writer(), now - SILENT).await?;
        let versions = plugin_versions::all(db.conn()).await?;
        let components: Vec<String> = versions.into_iter().map(|version| version.component_digest).collect();
        let host = self.0.registry.host().clone();
        match tokio::task::spawn_blocking(move || host.forget_all_but(&components)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "compiled code of versions that are gone stays"),
            Err(error) => tracing::error!(%error, "sweeping compiled code ended badly"),
        }
        Ok(())
    }
}
