//! What is to run, as the database says, and what does: looked at each second, and at once when this process changed it.
//! A version that does not load leaves the one before it running.

mod audience;
mod health;
mod load;
mod renew;
mod reports;
mod resident;
mod restrain;
mod rooms;
mod snapshot;
mod watch;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use teahouse_plugin_host::{Compile, Host};
use teahouse_store::entity::plugin_node;
use teahouse_store::plugin_nodes;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};
use tokio_util::sync::CancellationToken;

use health::most_agree;
pub(crate) use health::{Health, read as read_state};
pub(crate) use load::Beside;
use renew::Seen;
use reports::Reports;
pub(crate) use reports::SILENT;
pub(crate) use resident::Resident;
pub use resident::{LoadProblem, QueueStats};
pub(crate) use rooms::RoomSet;
pub(crate) use snapshot::{FilterPlace, GatePlace, Running, Snapshot};
pub(crate) use watch::Kinds;

use crate::Error;
use crate::lifecycle::SecretsKey;
use crate::services::{Grounds, House, Kv};

/// How often the database is looked at for what other processes changed.
const EVERY: Duration = Duration::from_secs(1);

/// What the registry is made of.
pub(crate) struct RegistryParts {
    pub(crate) grounds: Arc<Grounds>,
    pub(crate) host: Host,
    pub(crate) compile: Compile,
    pub(crate) secrets: SecretsKey,
    pub(crate) dirty: mpsc::UnboundedSender<Arc<Kv>>,
    /// Told of plugins whose quarantine changed.
    pub(crate) unwell: mpsc::UnboundedSender<Arc<str>>,
}

/// What is to run, and what does.
pub(crate) struct Registry {
    parts: RegistryParts,
    current: ArcSwap<Snapshot>,
    residents: Mutex<HashMap<Arc<str>, Arc<Resident>>>,
    /// The generation of each plugin that was loaded, or found not to load. Held while loading: one at a time.
    seen: AsyncMutex<HashMap<String, Seen>>,
    /// The generation of each plugin whose restrictions hold here.
    restrained: AsyncMutex<HashMap<String, i64>>,
    asked: Notify,
    reports: Reports,
    asked_to_restrain: Notify,
}

impl Registry {
    pub(crate) fn new(parts: RegistryParts) -> Self {
        Self {
            parts,
            current: ArcSwap::from_pointee(Snapshot::default()),
            residents: Mutex::default(),
            seen: AsyncMutex::default(),
            restrained: AsyncMutex::default(),
            asked: Notify::new(),
            reports: Reports::default(),
            asked_to_restrain: Notify::new(),
        }
    }

    /// Where it runs.
    pub(crate) fn host(&self) -> &Host {
        &self.parts.host
    }

    /// What runs now.
    pub(crate) fn current(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// What runs now, for who holds it across waits.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Looks again soon.
    pub(crate) fn notify(&self) {
        self.asked_to_restrain.notify_one();
        self.asked.notify_one();
    }

    /// Looks each second, and when asked, until `stop`; `swapped` is told after each change.
    pub(crate) async fn follow(&self, stop: CancellationToken, swapped: impl Fn()) {
        tokio::join!(self.follow_restraints(&stop, &swapped), self.follow_changes(&stop, &swapped));
    }

    /// Brings what runs in line with the database; true when something changed.
    pub(crate) async fn refresh(&self) -> Result<bool, Error> {
        let restrained = self.restrain().await?;
        Ok(self.renew().await? || restrained)
    }

    /// What of a plugin runs here.
    fn report(&self, id: &str, generation: Option<i64>) -> plugin_node::Model {
        let grounds = &self.parts.grounds;
        let resident = self.resident(id);
        plugin_node::Model {
            plugin_id: id.to_owned(),
            node_id: grounds.node.uuid(),
            generation: generation.unwrap_or_default(),
            version: self.current().find(id).map(|running| running.version.to_string()),
            state: resident.health.told(),
            problem: resident.problem().map(|problem| problem.text),
            seen_at_ms: grounds.clock.now().millis(),
        }
    }

    /// Tells others that a plugin's quarantine changed here; where most nodes are of one mind, it is everybody's.
    pub(crate) async fn save_health(&self, id: &str) {
        let Grounds { db, clock, .. } = &*self.parts.grounds;
        let (resident, now) = (self.resident(id), clock.now());
        let agreed = async {
            self.reports.say_state(db, id, &resident.health.told(), now).await?;
            let rows = plugin_nodes::of_plugin(db.conn(), id, now - SILENT).await?;
            Ok::<bool, teahouse_store::Error>(most_agree(rows.iter().map(|row| row.state.as_str())))
        };
        match agreed.await {
            Ok(agreed) => resident.health.save(db, agreed).await,
            Err(error) => tracing::warn!(plugin.id = id, %error, "a quarantine was not told to other nodes"),
        }
    }

    /// What of the plugin outlives its versions.
    pub(crate) fn resident(&self, id: &str) -> Arc<Resident> {
        let mut residents = self.residents.lock();
        if let Some(resident) = residents.get(id) {
            return Arc::clone(resident);
        }
        let id: Arc<str> = id.into();
        let grounds = &self.parts.grounds;
        let kv = Kv::new(
            grounds.db.clone(),
            Arc::clone(&grounds.clock),
            Arc::clone(&id),
            self.parts.dirty.clone(),
        );
        let house = House::new(Arc::clone(&id), Arc::clone(grounds), Arc::new(kv));
        let health = Health::new(Arc::clone(&id), Arc::clone(&grounds.clock), self.parts.unwell.clone());
        let resident = Arc::new(Resident::new(Arc::default(), Arc::new(house), health));
        residents.insert(id, Arc::clone(&resident));
        resident
    }

    /// All plugins that were ever met by this process.
    pub(crate) fn residents(&self) -> Vec<(Arc<str>, Arc<Resident>)> {
        self.residents.lock().iter().map(|(id, resident)| (Arc::clone(id), Arc::clone(resident))).collect()
    }
}
