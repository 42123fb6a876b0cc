//! Time as tests have it.

use std::sync::Arc;
use std::time::SystemTime;

use teahouse_protocol::{ManualClock, Timestamp};

/// A clock that stands at the second in which it was made: near the time of whatever has a clock of its own.
#[must_use]
pub fn clock() -> Arc<ManualClock> {
    let seconds = Timestamp::from(SystemTime::now()).seconds();
    Arc::new(ManualClock::new(Timestamp::from_millis(seconds * 1000)))
}
