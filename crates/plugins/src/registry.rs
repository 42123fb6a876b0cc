//! What is to run, as the database says, and what does: looked at each second, and at once when this process changed it.
//! A version that does not load leaves the one before it running.

mod health;
mod load;
mod reports;
mod resident;
mod restrain;
mod rooms;
mod snapshot;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use teahouse_plugin_host::{Compile, Host};
use teahouse_store::entity::plugin_node;
use teahouse_store::{plugin_nodes, plugins};
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use health::most_agree;
pub(crate) use health::{Health, read as read_state};
pub(crate) use load::Beside;
use load::{Loader, Trouble};
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
/// Plugins loaded side by side.
const AT_ONCE: usize = 4;
/// The wait before one is tried again that a busy machine kept from loading; it doubles each time, up to the last.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LAST_RETRY: Duration = Duration::from_secs(600);

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

/// What became of a plugin's row.
pub(crate) enum Outcome {
    Runs(Arc<Running>),
    /// Disabled, or gone.
    Rests,
    /// It does not load. What runs of it goes on; or else its policies for errors, where they can be read.
    Broken {
        digest: String,
        trouble: Trouble,
        earlier: Option<Arc<Running>>,
    },
}

/// A generation that was looked at.
struct Seen {
    generation: i64,
    /// When one that did not load is tried again, and how often it was.
    again: Option<(Instant, u32)>,
}

impl Seen {
    fn is_due(&self, generation: i64) -> bool {
        self.generation != generation || self.again.is_some_and(|(at, _)| at <= Instant::now())
    }

    /// What of `before`, the same generation perhaps, follows from this outcome.
    fn after(before: Option<&Self>, generation: i64, outcome: &Outcome) -> Self {
        let may_pass = matches!(outcome, Outcome::Broken { trouble, .. } if trouble.may_pass);
        let before = before.filter(|before| before.generation == generation);
        let tries = before.and_then(|before| before.again).map_or(0, |(_, tries)| tries);
        let wait = FIRST_RETRY.saturating_mul(1 << tries.min(16)).min(LAST_RETRY);
        let again = may_pass.then(|| (Instant::now() + wait, tries.saturating_add(1)));
        Self { generation, again }
    }
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
        tokio::join!(self.follow_restraints(&stop), self.follow_changes(&stop, swapped));
    }

    async fn follow_changes(&self, stop: &CancellationToken, swapped: impl Fn()) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.asked.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
            match self.refresh().await {
                Ok(true) => swapped(),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "what plugins are installed can't be read"),
            }
        }
    }

    /// Brings what runs in line with the database; true when something changed.
    pub(crate) async fn refresh(&self) -> Result<bool, Error> {
        let restrained = self.restrain().await?;
        let mut seen = self.seen.lock().await;
        let heads = plugins::heads(self.parts.grounds.db.conn()).await?;
        for head in &heads {
            let changed = seen.get(&head.id).is_some_and(|seen| seen.generation != head.generation);
            self.resident(&head.id).health.adopt(&head.state, changed);
        }
        seen.retain(|id, _| heads.iter().any(|head| head.id == *id));
        let stale: Vec<String> = heads
            .iter()
            .filter(|head| seen.get(&head.id).is_none_or(|seen| seen.is_due(head.generation)))
            .map(|head| head.id.clone())
            .collect();
        let loaded = self.load_all(stale).await;
        // Not before: what was disabled meanwhile is not in it any more.
        let mut plugins = self.snapshot().plugins.clone();
        let before: Vec<Arc<str>> = plugins.keys().cloned().collect();
        plugins.retain(|id, _| heads.iter().any(|head| *head.id == **id));
        let mut changed = restrained || plugins.len() != before.len();
        let mut begun = Vec::new();
        for (id, generation, outcome) in loaded {
            if let Some(generation) = generation {
                let after = Seen::after(seen.get(&*id), generation, &outcome);
                seen.insert(id.to_string(), after);
            }
            if let Outcome::Runs(running) = &outcome {
                begun.push((Arc::clone(&id), Arc::clone(running)));
            }
            changed |= self.settle(&mut plugins, &id, outcome);
        }
        let gone: Vec<Arc<str>> = before.into_iter().filter(|id| !plugins.contains_key(id)).collect();
        if changed {
            self.current.store(Arc::new(Snapshot::new(plugins)));
        }
        let reports = heads
            .iter()
            .map(|head| self.report(&head.id, seen.get(&head.id).map(|seen| seen.generation)))
            .collect();
        let Grounds { db, node, clock, .. } = &*self.parts.grounds;
        if let Err(error) = self.reports.say(db, *node, clock.now(), reports).await {
            tracing::warn!(%error, "other nodes were not told what runs here");
        }
        // Not before: who reads the line may rely on it.
        for (id, running) in begun {
            tracing::info!(plugin.id = %id, plugin.version = %running.version, "a plugin runs");
        }
        for id in gone {
            tracing::info!(plugin.id = %id, "a plugin rests");
        }
        Ok(changed)
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

    /// Loads side by side. Without a generation: the database failed, so that it is tried again.
    async fn load_all(&self, ids: Vec<String>) -> Vec<(Arc<str>, Option<i64>, Outcome)> {
        let mut loaded = Vec::with_capacity(ids.len());
        let mut under_way = JoinSet::new();
        let mut ids = ids.into_iter();
        loop {
            while under_way.len() < AT_ONCE
                && let Some(id) = ids.next()
            {
                let loader = self.loader(&id);
                under_way.spawn(loader.load());
            }
            match under_way.join_next().await {
                Some(Ok(one)) => loaded.extend(one),
                Some(Err(error)) => tracing::error!(%error, "loading a plugin ended badly"),
                None => return loaded,
            }
        }
    }

    fn loader(&self, id: &str) -> Loader {
        Loader {
            resident: self.resident(id),
            earlier: self.current().find(id).filter(|running| !running.stands_in).cloned(),
            id: id.into(),
            grounds: Arc::clone(&self.parts.grounds),
            host: self.parts.host.clone(),
            compile: self.parts.compile.clone(),
            secrets: self.parts.secrets.clone(),
        }
    }

    /// True when what runs is another than before.
    fn settle(
        &self,
        plugins: &mut BTreeMap<Arc<str>, Arc<Running>>,
        id: &Arc<str>,
        outcome: Outcome,
    ) -> bool {
        let resident = self.resident(id);
        match outcome {
            Outcome::Runs(running) => {
                resident.set_problem(None);
                plugins.insert(Arc::clone(id), running);
                true
            }
            Outcome::Rests => {
                resident.set_problem(None);
                plugins.remove(id).is_some()
            }
            Outcome::Broken { digest, trouble: Trouble { text, may_pass }, earlier } => {
                let earlier_runs = earlier.as_ref().is_some_and(|earlier| !earlier.stands_in);
                tracing::error!(plugin.id = %id, plugin.digest = digest, earlier_runs, may_pass, problem = text, "a plugin does not load");
                let at = self.parts.grounds.clock.now();
                resident.set_problem(Some(LoadProblem { digest, text, at, earlier_runs }));
                match earlier {
                    Some(earlier) => plugins.insert(Arc::clone(id), earlier),
                    None => plugins.remove(id),
                };
                true
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(may_pass: bool) -> Outcome {
        let trouble = Trouble { text: "no place for another instance".to_owned(), may_pass };
        Outcome::Broken { digest: String::new(), trouble, earlier: None }
    }

    /// Or a guard stays out for good, because the machine was busy when the server started.
    #[tokio::test(start_paused = true)]
    async fn what_may_load_later_is_tried_again_and_more_and_more_rarely() {
        let seen = Seen::after(None, 7, &broken(true));
        assert!(!seen.is_due(7) && seen.is_due(8));
        tokio::time::advance(FIRST_RETRY).await;
        assert!(seen.is_due(7));
        let again = Seen::after(Some(&seen), 7, &broken(true));
        tokio::time::advance(FIRST_RETRY).await;
        assert!(!again.is_due(7));
        tokio::time::advance(FIRST_RETRY).await;
        assert!(again.is_due(7));
        let mut late = again;
        for _ in 0..100 {
            late = Seen::after(Some(&late), 7, &broken(true));
        }
        tokio::time::advance(LAST_RETRY).await;
        assert!(late.is_due(7), "but never too rarely");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_wrong_with_the_plugin_itself_waits_for_a_change() {
        let seen = Seen::after(None, 7, &broken(false));
        tokio::time::advance(LAST_RETRY).await;
        assert!(!seen.is_due(7));
    }
}
