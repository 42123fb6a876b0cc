//! Counters that the server exports.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the conversation counts since the start.
#[derive(Debug, Default)]
pub struct ChatMetrics {
    batches: AtomicU64,
    entries: AtomicU64,
}

impl ChatMetrics {
    pub(crate) fn batch(&self, entries: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(entries as u64, Ordering::Relaxed);
    }

    /// How many transactions the batch writer made.
    #[must_use]
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// How many messages and changes they held.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }
}
