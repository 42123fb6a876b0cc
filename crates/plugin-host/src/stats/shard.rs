//! The counters of one instance: only one call at a time writes them, so no two cores fight for them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Outcome;
use super::histogram::Histogram;
use crate::services::Hook;

#[derive(Debug, Default)]
pub(crate) struct Shard {
    // Made when a hook is first called: most plugins have one or two of the six.
    hooks: [OnceLock<Box<Histogram>>; Hook::ALL.len()],
    outcomes: [AtomicU64; Outcome::ALL.len()],
    host_calls: AtomicU64,
}

impl Shard {
    pub(crate) fn ended(&self, hook: Hook, took: Duration, host_calls: u32) {
        self.hooks[hook.index()].get_or_init(Box::default).record(took);
        if host_calls > 0 {
            self.host_calls.fetch_add(u64::from(host_calls), Ordering::Relaxed);
        }
    }

    pub(crate) fn outcome(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn histogram(&self, hook: Hook) -> Option<&Histogram> {
        self.hooks[hook.index()].get().map(AsRef::as_ref)
    }

    pub(super) fn outcomes(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].load(Ordering::Relaxed)
    }

    pub(super) fn host_calls(&self) -> u64 {
        self.host_calls.load(Ordering::Relaxed)
    }
}
