//! How often something may be done: so many a minute, and so many at once; of which nobody takes more than a share.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_plugin_host::Party;
use teahouse_protocol::Timestamp;

/// So many a minute on average, of which `burst` may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    per_minute: u32,
    burst: u32,
}

/// When the next would be on time, in microseconds since 1970: the virtual scheduling of GCRA, one number a counter.
#[derive(Clone, Copy, Debug, Default)]
struct Due(i64);

/// Counts one thing. Its pace may differ from time to time: an admin changes a grant.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Due>);

/// Counts the same thing for each of many.
#[derive(Debug)]
pub(crate) struct Meters<K>(Mutex<HashMap<K, Due>>);

/// Counts one thing for all, and for each party apart. Whoever is over their share is told to wait, and takes nothing of the
/// others'.
#[derive(Debug)]
pub(crate) struct Shared<K = Party> {
    all: Meter,
    each: Meters<K>,
}

/// Of what all may do, one party may do a part of this many.
pub(crate) const PARTS: u32 = 4;

/// Counters kept. Past it those that stand at their beginning are forgotten, which changes nothing.
const MOST_METERS: usize = 4_096;

impl Pace {
    pub(crate) const fn new(per_minute: u32, burst: u32) -> Self {
        Self { per_minute: at_least_one(per_minute), burst: at_least_one(burst) }
    }

    /// The share of one party: a part of `parts`, and at least one.
    pub(crate) const fn share(self, parts: u32) -> Self {
        Self::new(self.per_minute.div_ceil(parts), self.burst.div_ceil(parts))
    }

    const fn interval_us(self) -> i64 {
        60_000_000 / self.per_minute as i64
    }

    /// Whether one more may be done now; else how long to wait for it.
    fn take(self, due: &mut Due, now: Timestamp) -> Result<(), Duration> {
        let now_us = now.millis().saturating_mul(1_000);
        let next = due.0.max(now_us).saturating_add(self.interval_us());
        let ahead = next - now_us - self.interval_us().saturating_mul(self.burst.into());
        if ahead > 0 {
            return Err(Duration::from_micros(u64::try_from(ahead).unwrap_or(u64::MAX)));
        }
        due.0 = next;
        Ok(())
    }
}

impl Meter {
    /// Counts one more.
    ///
    /// # Errors
    /// How long to wait: nothing was counted.
    pub(crate) fn take(&self, pace: Pace, now: Timestamp) -> Result<(), Duration> {
        pace.take(&mut self.0.lock(), now)
    }
}

impl<K> Default for Meters<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Meters<K> {
    /// Counts one more of `key`.
    ///
    /// # Errors
    /// How long to wait: nothing was counted.
    pub(crate) fn take(&self, key: K, pace: Pace, now: Timestamp) -> Result<(), Duration> {
        let mut meters = self.0.lock();
        if meters.len() >= MOST_METERS {
            let now_us = now.millis().saturating_mul(1_000);
            meters.retain(|_, due| due.0 > now_us);
        }
        pace.take(meters.entry(key).or_default(), now)
    }
}

impl<K> Default for Shared<K> {
    fn default() -> Self {
        Self { all: Meter::default(), each: Meters::default() }
    }
}

impl<K: Eq + Hash> Shared<K> {
    /// Counts one more, on behalf of `key`; none: of nobody in particular.
    ///
    /// # Errors
    /// How long to wait. Where that is for all, it was counted for `key`.
    pub(crate) fn take(&self, key: Option<K>, pace: Pace, now: Timestamp) -> Result<(), Duration> {
        if let Some(key) = key {
            self.each.take(key, pace.share(PARTS), now)?;
        }
        self.all.take(pace, now)
    }
}

const fn at_least_one(number: u32) -> u32 {
    if number == 0 { 1 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms)
    }

    const ONE_A_SECOND: Pace = Pace::new(60, 1);

    #[test]
    fn a_burst_passes_at_once_and_the_rest_at_its_pace() {
        let (meter, pace) = (Meter::default(), Pace::new(20, 5));
        for _ in 0..5 {
            assert_eq!(meter.take(pace, at(0)), Ok(()));
        }
        assert_eq!(meter.take(pace, at(0)), Err(Duration::from_secs(3)));
        assert_eq!(meter.take(pace, at(2_999)), Err(Duration::from_millis(1)));
        assert_eq!(meter.take(pace, at(3_000)), Ok(()));
        assert!(meter.take(pace, at(3_000)).is_err());
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let (meter, pace) = (Meter::default(), ONE_A_SECOND);
        assert_eq!(meter.take(pace, at(0)), Ok(()));
        for _ in 0..100 {
            assert!(meter.take(pace, at(500)).is_err());
        }
        assert_eq!(meter.take(pace, at(1_000)), Ok(()));
    }

    #[test]
    fn who_rests_has_a_burst_again_and_no_more() {
        let (meter, pace) = (Meter::default(), Pace::new(60, 3));
        assert_eq!((0..10).filter(|_| meter.take(pace, at(0)).is_ok()).count(), 3);
        assert_eq!((0..10).filter(|_| meter.take(pace, at(3_600_000)).is_ok()).count(), 3);
    }

    #[test]
    fn nobody_takes_more_than_a_share() {
        let (shared, pace) = (Shared::default(), Pace::new(400, 40));
        let took = |key, now| (0..100).filter(|_| shared.take(key, pace, now).is_ok()).count();
        assert_eq!(took(Some(1), at(0)), 10, "a quarter");
        assert_eq!(took(Some(2), at(0)), 10, "and another");
        assert_eq!(took(None, at(0)), 20, "what is left of all");
        assert_eq!(took(Some(3), at(0)), 0);
        assert_eq!(took(Some(1), at(60_000)), 10);
        assert_eq!(Pace::new(1, 1).share(PARTS), Pace::new(1, 1));
    }

    #[test]
    fn keys_are_counted_apart_and_forgotten_when_they_rest() {
        let meters = Meters::default();
        for key in 0..MOST_METERS {
            assert_eq!(meters.take(key, ONE_A_SECOND, at(0)), Ok(()));
        }
        assert!(meters.take(0, ONE_A_SECOND, at(0)).is_err());
        assert_eq!(meters.take(MOST_METERS, ONE_A_SECOND, at(60_000)), Ok(()));
        assert_eq!(meters.0.lock().len(), 1);
    }
}
