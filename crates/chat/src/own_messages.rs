//! What users write themselves is not unread to them. How much it is, is tallied beside how far they have read: gathered
//! here and written once a while, because a row for each message would cost as much as the message (docs/adr/0033).

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_protocol::{RoomId, Seq, UserId};
use teahouse_store::standing::{self, OwnMessages};
use teahouse_store::{Db, Error};

/// How often what was gathered is written.
pub(crate) const TALLY_EVERY: Duration = Duration::from_secs(1);
/// Past so many users in rooms, whom the database can't be told of, all are forgotten: of those who have more than a
/// hundred entries to read, own messages count as unread until they read on.
const MOST_WAITING: usize = 100_000;

/// Own messages that no tally counts yet.
#[derive(Default)]
pub(crate) struct OwnTallies {
    waiting: Mutex<HashMap<(RoomId, UserId), Waiting>>,
    /// Held while writing: what two wrote at once would be counted twice.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Default)]
struct Waiting {
    count: u32,
    last: Seq,
}

impl OwnTallies {
    /// `user` wrote the message number `seq` in `room`.
    pub(crate) fn note(&self, room: RoomId, user: UserId, seq: Seq) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= MOST_WAITING {
            waiting.clear();
        }
        let own = waiting.entry((room, user)).or_default();
        own.count += 1;
        own.last = own.last.max(seq);
    }

    /// How many messages of `user` in `room` wait to be tallied.
    pub(crate) fn waiting(&self, room: RoomId, user: UserId) -> u32 {
        self.waiting.lock().get(&(room, user)).map_or(0, |own| own.count)
    }

    /// Writes what was gathered. What can't be written stays.
    pub(crate) async fn write(&self, db: &Db) -> Result<(), Error> {
        let _alone = self.writing.lock().await;
        let mut gathered: Vec<OwnMessages> = self
            .waiting
            .lock()
            .iter()
            .map(|((room, user), own)| OwnMessages {
                room: *room,
                user: *user,
                count: own.count,
                last: own.last,
            })
            .collect();
        if gathered.is_empty() {
            return Ok(());
        }
        // In one order on every node, so that none waits for another in a circle.
        gathered.sort_unstable_by_key(|own| (own.room, own.user));
        standing::tally_own(db.writer(), &gathered).await?;
        let mut waiting = self.waiting.lock();
        for own in gathered {
            if let Some(rest) = waiting.get_mut(&(own.room, own.user)) {
                rest.count -= own.count.min(rest.count);
                if rest.count == 0 {
                    waiting.remove(&(own.room, own.user));
                }
            }
        }
        Ok(())
    }
}
