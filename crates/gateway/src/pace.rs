//! How often something may happen, for each address, session or user.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// After so many counts those are forgotten who were quiet for a while.
const COUNTS_BETWEEN_SWEEPS: u32 = 1024;

/// One rate for each key.
pub(crate) struct Pace<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    counted: AtomicU32,
}

impl<K: Hash + Eq + Clone> Pace<K> {
    /// 0: any number.
    pub(crate) fn per_minute(many: u32) -> Self {
        Self::new(NonZeroU32::new(many).map(Quota::per_minute))
    }

    /// 0: any number; a `burst` of 0: as many as a second allows.
    pub(crate) fn per_second(many: u32, burst: u32) -> Self {
        Self::new(NonZeroU32::new(many).map(|many| {
            let burst = NonZeroU32::new(burst).unwrap_or(many);
            Quota::per_second(many).allow_burst(burst)
        }))
    }

    fn new(quota: Option<Quota>) -> Self {
        Self { limiter: quota.map(RateLimiter::keyed), counted: AtomicU32::new(0) }
    }

    /// Counts one of `key`'s.
    ///
    /// # Errors
    /// How long until the next is admitted; then this one does not count.
    pub(crate) fn admit(&self, key: &K) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.counted.fetch_add(1, Ordering::Relaxed) % COUNTS_BETWEEN_SWEEPS == COUNTS_BETWEEN_SWEEPS - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_burst_of_their_own() {
        let pace = Pace::per_second(1, 2);
        assert_eq!((pace.admit(&1), pace.admit(&1)), (Ok(()), Ok(())));
        let wait = pace.admit(&1).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(pace.admit(&2), Ok(()));
    }

    #[test]
    fn zero_is_any_number() {
        let pace = Pace::per_minute(0);
        assert!((0..1_000).all(|_| pace.admit(&1).is_ok()));
    }
}
