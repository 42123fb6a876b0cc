//! What of a plugin outlives its versions and settings on this node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use teahouse_plugin_host::Telemetry;
use teahouse_protocol::Timestamp;

use super::health::Health;
use crate::services::House;

/// What of a plugin outlives its versions and settings on this node.
pub(crate) struct Resident {
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) house: Arc<House>,
    pub(crate) health: Health,
    pub(crate) queue: QueueCounts,
    problem: Mutex<Option<LoadProblem>>,
}

/// Why the version that is to run does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadProblem {
    /// The version's digest.
    pub digest: String,
    /// What is wrong with it.
    pub text: String,
    /// Since when.
    pub at: Timestamp,
    /// Whether an earlier version goes on meanwhile.
    pub earlier_runs: bool,
}

/// What became of a bot's events on this node since it was started.
#[derive(Debug, Default)]
pub(crate) struct QueueCounts {
    queued: AtomicU64,
    handled: AtomicU64,
    retried: AtomicU64,
    dropped: AtomicU64,
}

/// What became of a bot's events on this node since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Put into the queue.
    pub queued: u64,
    /// Handled.
    pub handled: u64,
    /// Attempts that failed and were repeated.
    pub retried: u64,
    /// Dropped: too many, too old, or failed too often.
    pub dropped: u64,
}

impl Resident {
    pub(crate) fn new(telemetry: Arc<Telemetry>, house: Arc<House>, health: Health) -> Self {
        Self { telemetry, house, health, queue: QueueCounts::default(), problem: Mutex::default() }
    }

    pub(crate) fn problem(&self) -> Option<LoadProblem> {
        self.problem.lock().clone()
    }

    pub(crate) fn set_problem(&self, problem: Option<LoadProblem>) {
        *self.problem.lock() = problem;
    }
}

impl QueueCounts {
    pub(crate) fn queued(&self, count: u64) {
        self.queued.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn handled(&self) {
        self.handled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> QueueStats {
        QueueStats {
            queued: self.queued.load(Ordering::Relaxed),
            handled: self.handled.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}
