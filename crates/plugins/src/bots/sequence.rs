//! Batches of one room are committed in order, but their jobs may run side by side. Events are queued in the log's order:
//! a batch waits a moment for the one before it. Batches that no bot hears of have no job, so that each says which one
//! that was.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_protocol::RoomId;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How long a batch waits for the one before it, which another node may have: then nobody here will say it is done.
const PATIENCE: Duration = Duration::from_millis(500);
/// Rooms remembered. Full: all are forgotten, and the next batch of each waits for nothing.
const MOST_ROOMS: usize = 20_000;

/// How far each room's log was queued by this node.
#[derive(Default)]
pub(crate) struct Sequence {
    queued: Mutex<HashMap<RoomId, i64>>,
    moved: Notify,
}

impl Sequence {
    /// Waits until what stands in `room` up to `previous` was queued, but not for long.
    pub(crate) async fn wait_for(&self, room: RoomId, previous: i64) {
        let until = Instant::now() + PATIENCE;
        loop {
            let moved = self.moved.notified();
            let far_enough = self.queued.lock().get(&room).is_none_or(|queued| *queued >= previous);
            if far_enough || timeout_at(until, moved).await.is_err() {
                return;
            }
        }
    }

    /// What stands in `room` up to `last` was queued.
    pub(crate) fn done(&self, room: RoomId, last: i64) {
        {
            let mut queued = self.queued.lock();
            if queued.len() >= MOST_ROOMS {
                queued.clear();
            }
            let entry = queued.entry(room).or_insert(last);
            *entry = (*entry).max(last);
        }
        self.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_for_the_one_before_it_and_not_for_ever() {
        let (sequence, room) = (Arc::new(Sequence::default()), RoomId::generate());
        sequence.wait_for(room, 99).await;
        sequence.done(room, 5);
        sequence.wait_for(room, 5).await;
        let waiting = tokio::spawn({
            let sequence = Arc::clone(&sequence);
            async move { sequence.wait_for(room, 8).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        sequence.done(room, 8);
        waiting.await.unwrap();
        let began = Instant::now();
        sequence.wait_for(room, 50).await;
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
