//! A plugin's quarantine on this node, kept in step with the database: a restart doesn't forget it, and other nodes see
//! it within a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use teahouse_plugin_host::{
    Blow, CallFailure, Called, Permission, Quarantine, QuarantineChange, QuarantineState,
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
    /// As the database has it, as far as this node knows.
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

    /// A call ended.
    pub(crate) fn ended<T>(&self, ended: &Result<Called<T>, CallFailure>) {
        match ended {
            Ok(called) if called.reply.is_ok() => self.succeeded(),
            Ok(_) => self.failed(Blow::ErrorText, "answered with an error"),
            Err(failure) if failure.kind.is_the_plugins_fault() => {
                self.failed(Blow::Failure, &failure.to_string());
            }
            Err(_) => self.abandon(),
        }
    }

    /// The reply was no reply: a failure of the plugin that the host can't see.
    pub(crate) fn bad_reply(&self, why: &str) {
        self.failed(Blow::Failure, why);
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

    fn failed(&self, blow: Blow, reason: &str) {
        let now_ms = self.now_ms();
        let mut inner = self.inner.lock();
        let change = inner.quarantine.failed(now_ms, blow, reason);
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

    /// Takes over what the database says, if that is news. An empty object is a clean slate: an admin ended it.
    pub(crate) fn adopt(&self, stored: &str) {
        let mut inner = self.inner.lock();
        if inner.stored == stored {
            return;
        }
        inner.quarantine = serde_json::from_str(stored).unwrap_or_default();
        stored.clone_into(&mut inner.stored);
        self.free.store(inner.quarantine.is_free(), Ordering::Release);
    }

    /// Writes what changed. Another node that wrote in between wins; this one adopts its word at the next look.
    pub(crate) async fn save(&self, db: &Db) {
        let (seen, state) = {
            let inner = self.inner.lock();
            (inner.stored.clone(), serde_json::to_string(&inner.quarantine).unwrap_or_default())
        };
        if seen == state {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use teahouse_plugin_host::{Cost, FailureKind};
    use teahouse_protocol::{ManualClock, Timestamp};

    use super::*;

    fn trap() -> Result<Called<()>, CallFailure> {
        let cost = Cost::default();
        Err(CallFailure { kind: FailureKind::Trap, message: "boom".to_owned(), backtrace: None, cost })
    }

    #[test]
    fn five_failures_end_the_calls_and_a_good_trial_begins_them_again() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_790_000_000_000)));
        let (changed, mut told) = mpsc::unbounded_channel();
        let health = Health::new("org.example.bad".into(), clock.clone(), changed);
        for _ in 0..5 {
            assert!(health.admits());
            health.ended(&trap());
        }
        assert!(!health.admits());
        assert!(told.try_recv().is_ok());
        clock.advance(Duration::from_secs(30));
        assert!(health.would_admit() && health.admits());
        assert!(!health.admits(), "one call is the trial");
        health.abandon();
        assert!(health.admits(), "it was not made: another is");
        health.ended(&Ok(Called { reply: Ok(()), cost: Cost::default() }));
        assert!(health.admits() && health.admits());
    }

    #[test]
    fn a_quarantine_outlives_the_process() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_790_000_000_000)));
        let (changed, _told) = mpsc::unbounded_channel();
        let health = Health::new("org.example.bad".into(), clock.clone(), changed.clone());
        (0..5).for_each(|_| health.ended(&trap()));
        let stored = serde_json::to_string(&health.inner.lock().quarantine).unwrap();
        let next = Health::new("org.example.bad".into(), clock, changed);
        next.adopt(&stored);
        assert!(!next.admits());
        next.adopt("{}");
        assert!(next.admits());
    }
}
