//! Whether writes move: for whoever looks from outside.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Appended, Outcome};
use crate::Error;

/// A failure counts for so long. After that nobody has tried, and whoever sends people elsewhere may send some here again.
const FAILURE_COUNTS_FOR: Duration = Duration::from_secs(30);

/// What the writer does, shared with who asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// When the batch under way began.
    began: Option<Instant>,
    failing: Option<Failing>,
}

#[derive(Clone, Copy, Debug)]
struct Failing {
    since: Instant,
    last: Instant,
}

impl Pulse {
    pub(super) fn begin(&self) {
        self.0.lock().began = Some(Instant::now());
    }

    /// The batch is written, or refused as a whole because the database does not take it.
    pub(super) fn written<T>(&self, batch: &[Appended<T>]) {
        let mut state = self.0.lock();
        let refused = !batch.is_empty() && batch.iter().all(|one| is_refused(&one.outcome));
        state.failing = refused.then(|| {
            let now = Instant::now();
            // It failed from when it began to be tried.
            let since = state.failing.map_or(state.began.unwrap_or(now), |failing| failing.since);
            Failing { since, last: now }
        });
    }

    /// Its outcomes are taken: the writer waits for more.
    pub(super) fn end(&self) {
        self.0.lock().began = None;
    }

    pub(super) fn stuck_for(&self) -> Duration {
        let state = self.0.lock();
        let under_way = state.began.map(|began| began.elapsed());
        let failing = state
            .failing
            .filter(|failing| failing.last.elapsed() < FAILURE_COUNTS_FOR)
            .map(|failing| failing.since.elapsed());
        under_way.max(failing).unwrap_or_default()
    }
}

fn is_refused(outcome: &Result<Outcome, Error>) -> bool {
    matches!(outcome, Err(Error::Unavailable(_) | Error::StorageFull(_)))
}

#[cfg(test)]
mod tests {
    use sea_orm::DbErr;
    use teahouse_protocol::{RoomId, Timestamp, UserId};

    use super::*;
    use crate::writer::{Change, ChangeKind, Entry};

    fn batch(outcome: Result<Outcome, Error>) -> Vec<Appended<()>> {
        let (room, actor) = (RoomId::generate(), UserId::generate());
        let kind = ChangeKind::Unban { user: actor };
        let change =
            Change { room, actor, at: Timestamp::from_millis(0), kind, audit: None, is_heard: false };
        vec![Appended { entry: Entry::Change(change), ticket: (), outcome }]
    }

    /// Waits until it is stuck for longer than now.
    fn is_stuck(pulse: &Pulse) -> bool {
        let before = pulse.stuck_for();
        std::iter::repeat_with(|| pulse.stuck_for()).take(1_000_000).any(|span| span > before)
    }

    #[test]
    fn a_batch_under_way_is_stuck_until_it_is_taken() {
        let pulse = Pulse::default();
        assert!(!is_stuck(&pulse));
        pulse.begin();
        assert!(is_stuck(&pulse));
        pulse.written(&batch(Ok(Outcome::Unchanged)));
        assert!(is_stuck(&pulse), "nobody has taken it");
        pulse.end();
        assert!(!is_stuck(&pulse));
    }

    #[test]
    fn batches_that_the_database_refuses_are_stuck_until_it_takes_one() {
        let away = || batch(Err(Error::Unavailable(DbErr::RecordNotInserted)));
        let pulse = Pulse::default();
        for _ in 0..2 {
            pulse.begin();
            pulse.written(&away());
            pulse.end();
        }
        assert!(is_stuck(&pulse));
        pulse.begin();
        // Refused for its own fault: the database answers.
        pulse.written(&batch(Err(Error::Database(DbErr::RecordNotInserted))));
        pulse.end();
        assert!(!is_stuck(&pulse));
    }
}
