//! What a plugin did and what it cost: counters that calls add to without waiting for each other.

mod histogram;
mod shard;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::error::FailureKind;
use crate::grants::Capability;
use crate::services::Hook;
use histogram::Quantiles;
pub(crate) use shard::Shard;

/// What one call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// From its start to its end, the wait for an instance left out.
    pub took: Duration,
    /// The wait for an instance.
    pub waited: Duration,
    /// What of `took` was the plugin's own: it ran, or waited for an answer no longer than one takes. The rest was the host's.
    pub own: Duration,
    /// Whether the house refused it something because a quota or a rate was used up: what it answers then is no failure.
    pub over_quota: bool,
    /// The longest that it was told to wait for that.
    pub held_up: Duration,
    /// Functions of the host that it called.
    pub host_calls: u32,
    /// Memory of its instance after the call.
    pub memory_bytes: usize,
    /// Lines of log that were kept.
    pub log_lines: u32,
    /// Instructions that the plugin ran, weighed by wasmtime; counted with [`Metering::Fuel`](crate::Metering) alone.
    pub fuel: Option<u64>,
}

/// How a call ended that did end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// `allow`, of a verdict or an admission.
    Allow,
    /// `reject`
    Reject,
    /// `replace`
    Replace,
    /// `flag` that delivers
    Flag,
    /// `flag` that holds
    Hold,
    /// `shadow`
    Shadow,
    /// `ask`
    Ask,
    /// A bot handled its event.
    Handled,
    /// The guest answered with an error text.
    Error,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 9] = [
        Self::Allow,
        Self::Reject,
        Self::Replace,
        Self::Flag,
        Self::Hold,
        Self::Shadow,
        Self::Ask,
        Self::Handled,
        Self::Error,
    ];

    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Reject => "reject",
            Self::Replace => "replace",
            Self::Flag => "flag",
            Self::Hold => "hold",
            Self::Shadow => "shadow",
            Self::Ask => "ask",
            Self::Handled => "handled",
            Self::Error => "error",
        }
    }
}

/// A plugin's counters. They outlive versions and settings: keep one a plugin, and hand it to each load.
#[derive(Debug, Default)]
pub struct Stats {
    shards: Mutex<Vec<Arc<Shard>>>,
    refused: [AtomicU64; Capability::ALL.len()],
    failures: [AtomicU64; FailureKind::ALL.len()],
    instances_made: AtomicU64,
    memory_high_water: AtomicUsize,
}

/// The counters of one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookStats {
    /// Which.
    pub hook: Hook,
    /// Calls that ended, well or not.
    pub calls: u64,
    /// Half of them took no longer; precise to an eighth.
    pub p50: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
    /// All of them together.
    pub total: Duration,
}

/// All counters at one moment. Kinds with a count of nothing are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatsSnapshot {
    /// By hook.
    pub hooks: Vec<HookStats>,
    /// Ends by outcome.
    pub outcomes: Vec<(Outcome, u64)>,
    /// Ends without a reply.
    pub failures: Vec<(FailureKind, u64)>,
    /// Calls of the host that were refused for want of a grant, or in a filter.
    pub refused: Vec<(Capability, u64)>,
    /// Calls of the host.
    pub host_calls: u64,
    /// Instances made since the start.
    pub instances_made: u64,
    /// The most memory that one instance had.
    pub memory_high_water_bytes: usize,
}

impl Stats {
    /// A shard for one instance: only it writes there.
    pub(crate) fn shard(&self) -> Arc<Shard> {
        self.instances_made.fetch_add(1, Ordering::Relaxed);
        let mut shards = self.shards.lock();
        // One that no instance holds any more is used again, so that their number is that of instances at once.
        if let Some(free) = shards.iter().find(|shard| Arc::strong_count(shard) == 1) {
            return Arc::clone(free);
        }
        let shard = Arc::new(Shard::default());
        shards.push(Arc::clone(&shard));
        shard
    }

    pub(crate) fn refused(&self, capability: Capability) {
        self.refused[capability.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, kind: FailureKind) {
        self.failures[kind.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn memory_seen(&self, bytes: usize) {
        // Read first: the line is shared, and the figure rarely grows.
        if bytes > self.memory_high_water.load(Ordering::Relaxed) {
            self.memory_high_water.fetch_max(bytes, Ordering::Relaxed);
        }
    }

    /// All counters now.
    #[must_use]
    pub fn snapshot(&self) -> StatsSnapshot {
        let shards = self.shards.lock().clone();
        let hooks = Hook::ALL.into_iter().filter_map(|hook| hook_stats(&shards, hook)).collect();
        let outcomes = Outcome::ALL
            .into_iter()
            .map(|outcome| (outcome, shards.iter().map(|shard| shard.outcomes(outcome)).sum::<u64>()))
            .filter(|(_, count)| *count > 0)
            .collect();
        StatsSnapshot {
            hooks,
            outcomes,
            failures: counted(FailureKind::ALL, &self.failures),
            refused: counted(Capability::ALL, &self.refused),
            host_calls: shards.iter().map(|shard| shard.host_calls()).sum(),
            instances_made: self.instances_made.load(Ordering::Relaxed),
            memory_high_water_bytes: self.memory_high_water.load(Ordering::Relaxed),
        }
    }
}

fn hook_stats(shards: &[Arc<Shard>], hook: Hook) -> Option<HookStats> {
    let mut quantiles = Quantiles::default();
    for histogram in shards.iter().filter_map(|shard| shard.histogram(hook)) {
        quantiles.add(histogram);
    }
    (quantiles.calls() > 0).then(|| HookStats {
        hook,
        calls: quantiles.calls(),
        p50: quantiles.at(0.50),
        p99: quantiles.at(0.99),
        total: quantiles.total(),
    })
}

fn counted<K: Copy, const N: usize>(kinds: [K; N], counters: &[AtomicU64; N]) -> Vec<(K, u64)> {
    kinds
        .into_iter()
        .zip(counters)
        .map(|(kind, counter)| (kind, counter.load(Ordering::Relaxed)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_all_instances_are_added_up() {
        let stats = Stats::default();
        let (one, other) = (stats.shard(), stats.shard());
        one.ended(Hook::Check, Duration::from_micros(1), 2);
        other.ended(Hook::Check, Duration::from_micros(3), 1);
        one.outcome(Outcome::Allow);
        other.outcome(Outcome::Reject);
        stats.refused(Capability::Http);
        stats.failed(FailureKind::Trap);
        stats.memory_seen(7);
        stats.memory_seen(5);
        let now = stats.snapshot();
        assert_eq!(now.hooks.len(), 1);
        assert_eq!((now.hooks[0].hook, now.hooks[0].calls), (Hook::Check, 2));
        assert_eq!(now.outcomes, [(Outcome::Allow, 1), (Outcome::Reject, 1)]);
        assert_eq!(now.refused, [(Capability::Http, 1)]);
        assert_eq!(now.failures, [(FailureKind::Trap, 1)]);
        assert_eq!((now.host_calls, now.instances_made, now.memory_high_water_bytes), (3, 2, 7));
    }

    #[test]
    fn a_shard_is_used_again_when_its_instance_is_gone() {
        let stats = Stats::default();
        drop(stats.shard());
        drop(stats.shard());
        assert_eq!(stats.shards.lock().len(), 1);
    }
}
