//! What is new is loaded, and takes the place of what ran.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use teahouse_store::plugins::{self, Head};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::load::{Loader, Trouble};
use super::resident::LoadProblem;
use super::snapshot::{Running, Snapshot};
use super::{EVERY, Registry};
use crate::Error;
use crate::rounds::goes_on;
use crate::services::Grounds;

/// Plugins loaded side by side.
const AT_ONCE: usize = 4;
/// The wait before one is tried again that a busy machine kept from loading; it doubles each time, up to the last.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LAST_RETRY: Duration = Duration::from_secs(600);

/// What became of a plugin's row.
pub(super) enum Outcome {
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
pub(super) struct Seen {
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

/// One plugin that was looked at: which, its generation, and what became of it. Without a generation it is gone.
type Looked = (Arc<str>, Option<i64>, Outcome);

/// What took the place of what ran.
struct Swap {
    changed: bool,
    begun: Vec<Arc<Running>>,
    ended: Vec<Arc<str>>,
}

impl Registry {
    /// Looks each second, and when asked, until `stop`; `swapped` is told after each change.
    pub(super) async fn follow_changes(&self, stop: &CancellationToken, swapped: &impl Fn()) {
        while goes_on(stop, EVERY, self.asked.notified()).await {
            match self.renew().await {
                Ok(true) => swapped(),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "what plugins are installed can't be read"),
            }
        }
    }

    /// Loads what changed since it was loaded; true when something else runs now. What was taken back meanwhile is
    /// [`restrain`](Self::restrain)'s: it doesn't wait for this.
    pub(super) async fn renew(&self) -> Result<bool, Error> {
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
        let Swap { changed, begun, ended } = self.swap(&heads, &mut seen, loaded);
        self.tell_others(&heads, &seen).await;
        // Not before: who reads the line may rely on it.
        for running in begun {
            tracing::info!(plugin.id = %running.id(), plugin.version = %running.version, "a plugin runs");
        }
        for id in ended {
            tracing::info!(plugin.id = %id, "a plugin rests");
        }
        Ok(changed)
    }

    /// Puts what was `loaded` in the place of what runs. What is not among the `heads` any more goes.
    fn swap(&self, heads: &[Head], seen: &mut HashMap<String, Seen>, loaded: Vec<Looked>) -> Swap {
        // Not before the loading: what was disabled meanwhile is not in it any more.
        let mut plugins = self.snapshot().plugins.clone();
        let before: Vec<Arc<str>> = plugins.keys().cloned().collect();
        plugins.retain(|id, _| heads.iter().any(|head| *head.id == **id));
        let mut changed = plugins.len() != before.len();
        let mut begun = Vec::new();
        for (id, generation, outcome) in loaded {
            if let Some(generation) = generation {
                let after = Seen::after(seen.get(&*id), generation, &outcome);
                seen.insert(id.to_string(), after);
            }
            if let Outcome::Runs(running) = &outcome {
                begun.push(Arc::clone(running));
            }
            changed |= self.settle(&mut plugins, &id, outcome);
        }
        let ended = before.into_iter().filter(|id| !plugins.contains_key(id)).collect();
        if changed {
            self.current.store(Arc::new(Snapshot::new(plugins)));
        }
        Swap { changed, begun, ended }
    }

    /// Tells other nodes what runs here.
    async fn tell_others(&self, heads: &[Head], seen: &HashMap<String, Seen>) {
        let report = |head: &Head| self.report(&head.id, seen.get(&head.id).map(|seen| seen.generation));
        let reports = heads.iter().map(report).collect();
        let Grounds { db, node, clock, .. } = &*self.parts.grounds;
        if let Err(error) = self.reports.say(db, *node, clock.now(), reports).await {
            tracing::warn!(%error, "other nodes were not told what runs here");
        }
    }

    /// Loads side by side. Without a generation: the database failed, so that it is tried again.
    async fn load_all(&self, ids: Vec<String>) -> Vec<Looked> {
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
