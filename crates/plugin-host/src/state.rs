//! What a store carries: on whose behalf its guest runs, what it may still take, and why it was stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

use crate::error::FailureKind;
use crate::grants::Capability;
use crate::limits::{CORE_INSTANCES, HookLimits, INIT_TIME, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::loaded::Shared;
use crate::services::{CallContext, Hook, Services};
use crate::wit::Error;

/// A poll that was interrupted by the machine's other work counts as no more than this: the guest didn't run then.
const LONGEST_SLICE: Duration = Duration::from_millis(2);
/// An answer of the house for which a guest waited longer counts as no more than this against its wall time: the house was
/// slow, not the guest. What it asks of others, by `http`, counts in full.
const LONGEST_ANSWER: Duration = Duration::from_millis(2);

pub(crate) struct State {
    pub(crate) shared: Arc<Shared>,
    pub(crate) context: CallContext,
    pub(crate) memory: MemoryLimiter,
    pub(crate) left: Allowance,
    pub(crate) meter: Arc<Meter>,
    /// Running time of the call that runs.
    pub(crate) running: Duration,
    /// The call has not met the clock yet.
    pub(crate) first_tick: bool,
    /// Why the host ended the call, where the trap itself doesn't say.
    pub(crate) breach: Option<FailureKind>,
}

/// What the call that runs may still take.
#[derive(Debug)]
pub(crate) struct Allowance {
    pub(crate) host_calls: u32,
    pub(crate) kv_operations: u32,
    pub(crate) data_bytes: usize,
    pub(crate) log_lines: u32,
    pub(crate) log_dropped: u32,
    pub(crate) deadline: Instant,
    /// What its waits for the house count: see [`LONGEST_ANSWER`].
    pub(crate) waited: Duration,
    /// What it waits for, and since when.
    pub(crate) asked: Option<(Capability, Instant)>,
    /// Whether the house refused something because a quota or a rate was used up.
    pub(crate) over_quota: bool,
    /// The longest that it told the guest to wait for that.
    pub(crate) held_up: Duration,
}

impl Allowance {
    pub(crate) fn of(limits: &HookLimits, deadline: Instant) -> Self {
        Self {
            host_calls: limits.host_calls,
            kv_operations: limits.kv_operations,
            data_bytes: limits.data_bytes,
            log_lines: limits.log_lines,
            log_dropped: 0,
            deadline,
            waited: Duration::ZERO,
            asked: None,
            over_quota: false,
            held_up: Duration::ZERO,
        }
    }

    /// What its waits for the house count until `now`, with the one that lasts.
    pub(crate) fn waited_until(&self, now: Instant) -> Duration {
        let Some((capability, since)) = self.asked else { return self.waited };
        let took = now.saturating_duration_since(since);
        self.waited + if capability == Capability::Http { took } else { took.min(LONGEST_ANSWER) }
    }
}

/// The wall time of a call of `hook`.
pub(crate) const fn wall(limits: &HookLimits, hook: Hook) -> Duration {
    match hook {
        Hook::Init => INIT_TIME,
        _ => limits.wall,
    }
}

/// The running time of a call of `hook`.
pub(crate) const fn running(limits: &HookLimits, hook: Hook) -> Duration {
    match hook {
        Hook::Init => INIT_TIME,
        _ => limits.running,
    }
}

impl State {
    /// Counts a call of the host, and `bytes` that the guest handed over with it.
    ///
    /// # Errors
    /// A trap, when the call has no more of either.
    pub(crate) fn count(&mut self, bytes: usize) -> wasmtime::Result<()> {
        let Some(left) = self.left.host_calls.checked_sub(1) else {
            return Err(self.stop(FailureKind::HostCalls, "too many calls of the host"));
        };
        self.left.host_calls = left;
        self.take_data(bytes)
    }

    /// Counts `bytes` that the guest handed over.
    ///
    /// # Errors
    /// A trap, when there are too many.
    pub(crate) fn take_data(&mut self, bytes: usize) -> wasmtime::Result<()> {
        let Some(left) = self.left.data_bytes.checked_sub(bytes) else {
            return Err(self.stop(FailureKind::Data, "too much data handed to the host"));
        };
        self.left.data_bytes = left;
        Ok(())
    }

    /// Counts a call that needs `capability`. The inner error is the guest's to handle.
    ///
    /// # Errors
    /// As [`count`](Self::count).
    pub(crate) fn admit(
        &mut self,
        capability: Capability,
        bytes: usize,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.count(bytes)?;
        let granted = self.shared.grants.get().contains(capability);
        let usable = self.context.hook.is_bot() || capability.is_for_filters();
        if !granted || !usable {
            self.shared.telemetry.stats.refused(capability);
            self.shared.services.refused(&self.context, capability);
            return Ok(Err(Error::Denied(capability.name().to_owned())));
        }
        if capability == Capability::Kv {
            let Some(left) = self.left.kv_operations.checked_sub(1) else {
                let wait = self.left.deadline.saturating_duration_since(Instant::now());
                return Ok(Err(Error::RateLimited(millis(wait).max(1))));
            };
            self.left.kv_operations = left;
        }
        Ok(Ok(()))
    }

    /// Takes note that the house is asked for something.
    pub(crate) fn asks(&mut self, capability: Capability) {
        self.left.asked = Some((capability, Instant::now()));
    }

    /// Takes note of its answer.
    pub(crate) fn answered<T>(&mut self, answer: &Result<T, Error>) {
        self.left.waited = self.left.waited_until(Instant::now());
        self.left.asked = None;
        self.left.over_quota |= matches!(answer, Err(Error::RateLimited(_) | Error::Quota(_)));
        if let Err(Error::RateLimited(wait_ms)) = answer {
            self.left.held_up = self.left.held_up.max(Duration::from_millis((*wait_ms).into()));
        }
    }

    /// The house, and on whose behalf it is called.
    pub(crate) fn house(&self) -> (&dyn Services, &CallContext) {
        (self.shared.services.as_ref(), &self.context)
    }

    fn stop(&mut self, kind: FailureKind, why: &'static str) -> wasmtime::Error {
        self.breach = Some(kind);
        wasmtime::Error::msg(why)
    }
}

/// `time` in whole milliseconds.
pub(crate) fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// Memory of one instance, over all its memories and tables.
#[derive(Debug)]
pub(crate) struct MemoryLimiter {
    pub(crate) limit_bytes: usize,
    pub(crate) used_bytes: usize,
    // Wanted by the growth that is under way: given back when it fails.
    pending_bytes: usize,
}

impl MemoryLimiter {
    pub(crate) const fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, used_bytes: 0, pending_bytes: 0 }
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let wanted = self.used_bytes.saturating_add(more);
        if wanted > self.limit_bytes {
            self.pending_bytes = 0;
            return Ok(false);
        }
        self.used_bytes = wanted;
        self.pending_bytes = more;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.used_bytes = self.used_bytes.saturating_sub(std::mem::take(&mut self.pending_bytes));
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// Time that a guest really ran: the sum of its polls. Waits in host calls don't count.
#[derive(Debug)]
pub(crate) struct Meter {
    origin: Instant,
    spent_ns: AtomicU64,
    poll_began_ns: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), spent_ns: AtomicU64::new(0), poll_began_ns: AtomicU64::new(0) }
    }

    /// Begins anew, with a poll that begins at `now`.
    pub(crate) fn restart(&self, now: Instant) {
        self.spent_ns.store(0, Ordering::Relaxed);
        self.poll_begins(now);
    }

    pub(crate) fn poll_begins(&self, now: Instant) {
        self.poll_began_ns.store(self.ns_at(now), Ordering::Relaxed);
    }

    pub(crate) fn poll_ends(&self) {
        self.spent_ns.fetch_add(self.slice_ns(Instant::now()), Ordering::Relaxed);
    }

    /// Running time up to now, within a poll.
    pub(crate) fn spent(&self) -> Duration {
        self.spent_at(Instant::now())
    }

    /// Running time up to `now`, within a poll.
    pub(crate) fn spent_at(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.spent_ns.load(Ordering::Relaxed).saturating_add(self.slice_ns(now)))
    }

    fn slice_ns(&self, now: Instant) -> u64 {
        let slice = self.ns_at(now).saturating_sub(self.poll_began_ns.load(Ordering::Relaxed));
        slice.min(LONGEST_SLICE.as_nanos() as u64)
    }

    fn ns_at(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.origin).as_nanos() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A house that is slow is no fault of whoever asks it; many questions, and whatever is asked of others, are.
    #[test]
    fn a_wait_for_the_house_counts_as_long_as_an_answer_takes() {
        let now = Instant::now();
        let ms = Duration::from_millis;
        let mut left = Allowance::of(&HookLimits::bot(std::num::NonZeroUsize::MIN), now + ms(60));
        assert_eq!(left.waited_until(now + ms(50)), Duration::ZERO);
        for (capability, took, counted) in [
            (Capability::Kv, ms(1), ms(1)),
            (Capability::Kv, ms(40), ms(3)),
            (Capability::Messages, ms(5_000), ms(5)),
            (Capability::Http, ms(40), ms(45)),
        ] {
            left.asked = Some((capability, now));
            left.waited = left.waited_until(now + took);
            assert_eq!(left.waited, counted, "{capability}, {took:?}");
        }
    }
}
