//! A plugin's quarantine on this node. What most nodes say, or the only one, stands in the plugin's row: a restart doesn't
//! forget it, and all nodes follow within a second. What one of several says alone is that node's matter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use teahouse_plugin_host::{
    Blow, CallFailure, Called, Party, Permission, Quarantine, QuarantineChange, QuarantineState,
};
use teahouse_protocol::Clock;
use teahouse_store::{Db, plugins};
use tokio::sync::mpsc;

/// A plugin's quarantine.
pub(crate) struct Health {
    plugin: Arc<str>,
    clock: Arc<dyn Clock>,
    /// The quick question of every call.
    free: AtomicBool,
    inner: Mutex<Inner>,
    /// Told when something is to be written.
    changed: mpsc::UnboundedSender<Arc<str>>,
}

#[derive(Default)]
struct Inner {
    quarantine: Quarantine,
    /// As the plugin's row has it for all nodes, as far as this one knows.
    stored: String,
}

impl Health {
    pub(crate) fn new(
        plugin: Arc<str>,
        clock: Arc<dyn Clock>,
        changed: mpsc::UnboundedSender<Arc<str>>,
    ) -> Self {
        Self { plugin, clock, free: AtomicBool::new(true), inner: Mutex::default(), changed }
    }

    /// Whether a call may be made now. Who asks and is admitted reports the end, or that there was no call.
    pub(crate) fn admits(&self) -> bool {
        self.free.load(Ordering::Acquire) || {
            let now_ms = self.now_ms();
            self.inner.lock().quarantine.ask(now_ms) != Permission::No
        }
    }

    /// As [`Health::admits`] would answer, without taking the trial that may be due.
    pub(crate) fn would_admit(&self) -> bool {
        self.free.load(Ordering::Acquire) || {
            let now_ms = self.now_ms();
            self.inner.lock().quarantine.clone().ask(now_ms) != Permission::No
        }
    }

    /// A call ended that was made on behalf of `party`.
    pub(crate) fn ended<T>(&self, ended: &Result<Called<T>, CallFailure>, party: Option<Party>) {
        match ended {
            Ok(called) if called.reply.is_ok() => self.succeeded(),
            // A quota that is used up is an answer of the house's, and what the plugin makes of it is no failure.
            Ok(called) if called.cost.over_quota => self.abandon(),
            Ok(_) => self.failed(Blow::ErrorText, party, "answered with an error"),
            Err(failure) if failure.kind.is_the_plugins_fault() => {
                self.failed(Blow::Failure, party, &failure.to_string());
            }
            Err(_) => self.abandon(),
        }
    }

    /// The reply was no reply: a failure of the plugin that the host can't see.
    pub(crate) fn bad_reply(&self, why: &str, party: Option<Party>) {
        self.failed(Blow::Failure, party, why);
    }

    /// A call that was admitted was not made, or its end says nothing.
    pub(crate) fn abandon(&self) {
        if self.free.load(Ordering::Acquire) {
            return;
        }
        let now_ms = self.now_ms();
        let mut inner = self.inner.lock();
        if matches!(inner.quarantine.state(), QuarantineState::Trial { .. }) {
            // The next call is the trial.
            inner.quarantine.try_now(now_ms);
        }
    }

    fn succeeded(&self) {
        if self.free.load(Ordering::Acquire) {
            return;
        }
        let now_ms = self.now_ms();
        let mut inner = self.inner.lock();
        let change = inner.quarantine.succeeded(now_ms);
        self.after(&inner, change);
    }

    fn failed(&self, blow: Blow, party: Option<Party>, reason: &str) {
        let now_ms = self.now_ms();
        let mut inner = self.inner.lock();
        let change = inner.quarantine.failed(now_ms, blow, party, reason);
        self.after(&inner, change);
    }

    fn after(&self, inner: &Inner, change: Option<QuarantineChange>) {
        self.free.store(inner.quarantine.is_free(), Ordering::Release);
        let Some(change) = change else { return };
        match change {
            QuarantineChange::Freed => {
                tracing::info!(plugin.id = %self.plugin, "a plugin works again");
            }
            QuarantineChange::Quarantined { until_ms } => {
                tracing::warn!(plugin.id = %self.plugin, until_ms, state = ?inner.quarantine.state(), "a plugin is in quarantine");
            }
            QuarantineChange::Blocked => {
                tracing::error!(plugin.id = %self.plugin, state = ?inner.quarantine.state(), "a plugin is in quarantine until somebody acts");
            }
        }
        // Closed: the server is going down; the next start reads an older state, and learns anew.
        let _closing = self.changed.send(Arc::clone(&self.plugin));
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> QuarantineState {
        self.inner.lock().quarantine.state().clone()
    }

    /// As others are told it.
    pub(crate) fn told(&self) -> String {
        serde_json::to_string(self.inner.lock().quarantine.state()).unwrap_or_default()
    }

    /// Takes over what the plugin's row says, if that is news. An empty object is a clean slate: an admin ended it.
    /// `changed`: an admin changed the plugin; what this node alone holds against it is forgotten too.
    pub(crate) fn adopt(&self, stored: &str, changed: bool) {
        let mut inner = self.inner.lock();
        let forgiven = changed && !inner.quarantine.is_free() && is_free(stored);
        if inner.stored == stored && !forgiven {
            return;
        }
        inner.quarantine = serde_json::from_str(stored).unwrap_or_default();
        stored.clone_into(&mut inner.stored);
        self.free.store(inner.quarantine.is_free(), Ordering::Release);
    }

    /// Writes what changed into the plugin's row, where it concerns all nodes: where `agreed` says that most are of this
    /// one's mind, and where it changes a quarantine of all. Another node that wrote in between wins; this one adopts
    /// its word at the next look.
    pub(crate) async fn save(&self, db: &Db, agreed: bool) {
        let (seen, state) = {
            let inner = self.inner.lock();
            (inner.stored.clone(), serde_json::to_string(&inner.quarantine).unwrap_or_default())
        };
        let concerns_all = agreed || !is_free(&seen);
        if seen == state || !concerns_all {
            return;
        }
        match plugins::replace_state(db.writer(), &self.plugin, &seen, &state).await {
            Ok(true) => self.inner.lock().stored = state,
            Ok(false) => {}
            Err(error) => tracing::warn!(plugin.id = %self.plugin, %error, "a quarantine was not saved"),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.now().millis()).unwrap_or(0)
    }
}

fn is_free(stored: &str) -> bool {
    serde_json::from_str::<Quarantine>(stored).unwrap_or_default().is_free()
}

/// Whether what a node says concerns all: of `told`, what each says of itself, most are no longer free; or it is alone,
/// and its word is the house's.
pub(crate) fn most_agree<'a>(told: impl ExactSizeIterator<Item = &'a str>) -> bool {
    let nodes = told.len();
    let not_free = told.filter(|state| !matches!(read(state), QuarantineState::Free)).count();
    nodes <= 1 || not_free * 2 > nodes
}

/// What a node told; what can't be read is free.
pub(crate) fn read(told: &str) -> QuarantineState {
    serde_json::from_str(told).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use teahouse_plugin_host::{Cost, FailureKind};
    use teahouse_protocol::{ManualClock, Timestamp};

    use super::*;

    fn trap() -> Result<Called<()>, CallFailure> {
        let cost = Box::default();
        Err(CallFailure { kind: FailureKind::Trap, message: "boom".to_owned(), backtrace: None, cost })
    }

    #[test]
    fn five_failures_end_the_calls_and_a_good_trial_begins_them_again() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_790_000_000_000)));
        let (changed, mut told) = mpsc::unbounded_channel();
        let health = Health::new("org.example.bad".into(), clock.clone(), changed);
        for _ in 0..5 {
            assert!(health.admits());
            health.ended(&trap(), None);
        }
        assert!(!health.admits());
        assert!(told.try_recv().is_ok());
        clock.advance(Duration::from_secs(30));
        assert!(health.would_admit() && health.admits());
        assert!(!health.admits(), "one call is the trial");
        health.abandon();
        assert!(health.admits(), "it was not made: another is");
        health.ended(&Ok(Called { reply: Ok(()), cost: Cost::default() }), None);
        assert!(health.admits() && health.admits());
    }

    #[test]
    fn a_quota_that_is_used_up_is_no_failure() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_790_000_000_000)));
        let (changed, _told) = mpsc::unbounded_channel();
        let health = Health::new("org.example.bad".into(), clock, changed);
        let error = |over_quota| {
            let cost = Cost { over_quota, ..Cost::default() };
            Ok(Called::<()> { reply: Err("too often".to_owned()), cost })
        };
        (0..1_000).for_each(|_| health.ended(&error(true), None));
        assert!(health.admits());
        (0..50).for_each(|_| health.ended(&error(false), None));
        assert!(!health.admits());
    }

    #[test]
    fn a_quarantine_outlives_the_process() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_790_000_000_000)));
        let (changed, _told) = mpsc::unbounded_channel();
        let health = Health::new("org.example.bad".into(), clock.clone(), changed.clone());
        (0..5).for_each(|_| health.ended(&trap(), None));
        let stored = serde_json::to_string(&health.inner.lock().quarantine).unwrap();
        let next = Health::new("org.example.bad".into(), clock, changed);
        next.adopt(&stored, false);
        assert!(!next.admits());
        next.adopt("{}", false);
        assert!(next.admits());
    }

    #[test]
    fn what_one_node_holds_against_a_plugin_an_admin_s_change_ends() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_790_000_000_000)));
        let (changed, _told) = mpsc::unbounded_channel();
        let health = Health::new("org.example.bad".into(), clock, changed);
        health.adopt("{}", false);
        (0..5).for_each(|_| health.ended(&trap(), None));
        health.adopt("{}", false);
        assert!(!health.admits(), "nothing new");
        health.adopt("{}", true);
        assert!(health.admits());
    }

    #[test]
    fn most_is_more_than_half_and_one_alone_is_all() {
        const FREE: &str = r#"{"state":"free"}"#;
        const BLOCKED: &str = r#"{"state":"blocked","reason":"traps"}"#;
        for (told, expected) in [
            (vec![], true),
            (vec![FREE], true),
            (vec![BLOCKED, FREE], false),
            (vec![BLOCKED, BLOCKED], true),
            (vec![BLOCKED, FREE, FREE], false),
            (vec![BLOCKED, FREE, BLOCKED], true),
        ] {
            assert_eq!(most_agree(told.iter().copied()), expected, "{told:?}");
        }
    }
}
