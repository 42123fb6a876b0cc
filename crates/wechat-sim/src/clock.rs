//! The simulator's clock: it runs as real time does, from now or a given moment, and jumps when told to.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// China has no summer time; WeChat's days begin at its midnight.
const CHINA_OFFSET_S: u64 = 8 * 60 * 60;

/// A start, the real time since, and the jumps so far.
#[derive(Debug)]
pub(crate) struct Clock {
    started_at: Duration,
    start: Instant,
    advanced: Duration,
}

impl Clock {
    /// A clock that shows `unix_s` now, or the real time.
    pub(crate) fn starting_at(unix_s: Option<u64>) -> Self {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let started_at = unix_s.map_or(real, Duration::from_secs);
        Self { started_at, start: Instant::now(), advanced: Duration::ZERO }
    }

    /// The present as a span since 1970.
    pub(crate) fn now(&self) -> Duration {
        self.started_at + self.start.elapsed() + self.advanced
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced += by;
    }
}

/// The minute that `now` is in, as a number that grows.
pub(crate) fn minute(now: Duration) -> u64 {
    now.as_secs() / 60
}

/// The day in China that `now` is in, as a number that grows.
pub(crate) fn day(now: Duration) -> u64 {
    (now.as_secs() + CHINA_OFFSET_S) / 86_400
}
