//! What time it is, as a value that tests move by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::Timestamp;

/// Tells the time. Domain code asks this and never the system.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The system's clock, but for one thing: within a process it never goes back.
///
/// Limits, leases and caches measure spans with it. Were it put back by an hour, they would stand still for that hour:
/// nobody whose limit was reached could sign in, and a job would wait for its time to come again. So where the system's
/// clock is put back, this one goes on a little slower until the other has caught up. Where it is put forward, this one
/// follows at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        static SHOWN: Mutex<Option<Steady>> = Mutex::new(None);
        let (wall, flow) = (SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), Instant::now());
        // Nothing in it can panic, and any value in it is a good one.
        let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let next = shown.map_or(Steady { wall, flow }, |shown| shown.next(wall, flow));
        *shown = Some(next);
        Timestamp::from_millis(i64::try_from(next.wall.as_millis()).unwrap_or(i64::MAX))
    }
}

/// What a clock that never goes back showed, and when that was by a clock that can't be put.
#[derive(Clone, Copy, Debug)]
struct Steady {
    /// Since 1970.
    wall: Duration,
    flow: Instant,
}

impl Steady {
    /// Of each second that it is ahead of the system's clock it shows nine tenths: an hour is made up for in ten.
    fn next(self, wall: Duration, flow: Instant) -> Self {
        let slowly = self.wall + flow.saturating_duration_since(self.flow) * 9 / 10;
        // Of two threads, the one that read the clocks first may come here second.
        Self { wall: wall.max(slowly), flow: flow.max(self.flow) }
    }
}

/// A clock that stands still until it is moved: for tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub const fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.millis()))
    }

    /// Moves it on.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    /// What is shown after each second, when the system's clock is put by `put` seconds after the first.
    fn shown(put: i64) -> Vec<u64> {
        let (began, wall) = (Instant::now(), HOUR * 24);
        let mut steady = Steady { wall, flow: began };
        let mut shown = Vec::new();
        for second in 1..=30_u64 {
            let put = if second > 1 { put } else { 0 };
            let now = (wall + Duration::from_secs(second)).as_secs().saturating_add_signed(put);
            steady = steady.next(Duration::from_secs(now), began + Duration::from_secs(second));
            shown.push((steady.wall - wall).as_secs());
        }
        shown
    }

    #[test]
    fn it_shows_what_the_system_shows() {
        assert_eq!(shown(0), (1..=30).collect::<Vec<_>>());
    }

    #[test]
    fn it_follows_forward_at_once() {
        assert_eq!(shown(3_600)[1], 3_602);
    }

    #[test]
    fn put_back_a_little_it_goes_slower_until_the_other_has_caught_up() {
        let shown = shown(-2);
        assert!(shown.is_sorted(), "{shown:?}");
        assert_eq!(shown[1], 1);
        assert!(shown[2] >= 2, "it does not stand still: {shown:?}");
        assert_eq!(shown[29], 28, "it has met the other");
    }

    #[test]
    fn put_back_far_spans_go_on_nearly_as_long_as_they_are() {
        let shown = shown(-3_600 * 23);
        assert!(shown.is_sorted() && (26..=28).contains(&shown[29]), "{shown:?}");
    }

    /// However short the moments between two looks are, each counts.
    #[test]
    fn looked_at_without_pause_it_does_not_stand_still() {
        let began = Instant::now();
        let mut steady = Steady { wall: HOUR, flow: began };
        for step in 1..=1_000_000 {
            steady = steady.next(Duration::ZERO, began + Duration::from_nanos(50) * step);
        }
        assert_eq!((steady.wall - HOUR).as_millis(), 45);
    }

    #[test]
    fn the_systems_clock_is_near_the_systems_time() {
        let shown = SystemClock.now();
        let now = Timestamp::from(SystemTime::now());
        assert!(now.since(shown) < HOUR && shown.since(now) < HOUR);
    }
}
