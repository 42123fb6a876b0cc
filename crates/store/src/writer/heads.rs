//! How far each room's log reaches: what the next number is.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use teahouse_protocol::{RoomId, Seq};
use uuid::Uuid;

use crate::{Db, Error, log};

/// Past so many rooms everything is forgotten, which costs one look each.
const MOST_REMEMBERED: usize = 100_000;

/// The heads of the rooms of one batch.
#[derive(Default)]
pub(super) struct Heads(HashMap<Uuid, Head>);

struct Head {
    before: i64,
    now: i64,
    /// How many of its entries are no messages, where somebody counted.
    events: Option<i64>,
    ended: bool,
}

/// The head of a room as the last batch left it.
#[derive(Clone, Copy)]
struct Known {
    seq: i64,
    events: Option<i64>,
}

impl Heads {
    /// The next number of `room`; `None` when the room is not there.
    pub(super) fn take_next(&mut self, room: RoomId) -> Option<Seq> {
        let head = self.0.get_mut(&room.uuid()).filter(|head| !head.ended)?;
        head.now += 1;
        Seq::new(head.now)
    }

    /// A room that came into being in this batch.
    pub(super) fn add(&mut self, room: RoomId) {
        self.0.insert(room.uuid(), Head { before: 0, now: 0, events: Some(0), ended: false });
    }

    /// A room that was deleted in this batch.
    pub(super) fn end(&mut self, room: RoomId) {
        if let Some(head) = self.0.get_mut(&room.uuid()) {
            head.ended = true;
        }
    }

    /// How many entries of the log of `room` are no messages, where somebody counted.
    pub(super) fn events(&self, room: RoomId) -> Option<i64> {
        self.0.get(&room.uuid())?.events
    }

    /// Somebody counted.
    pub(super) fn set_events(&mut self, room: RoomId, events: i64) {
        if let Some(head) = self.0.get_mut(&room.uuid()) {
            head.events = Some(events);
        }
    }

    /// Whether `room` is there.
    pub(super) fn has(&self, room: RoomId) -> bool {
        self.0.get(&room.uuid()).is_some_and(|head| !head.ended)
    }

    /// How far the log of `room` reaches by now.
    pub(super) fn reached(&self, room: RoomId) -> Seq {
        self.0.get(&room.uuid()).and_then(|head| Seq::new(head.now)).unwrap_or_default()
    }

    /// The rooms whose logs grew: first and last new number of each.
    pub(super) fn grown(&self) -> Vec<(Uuid, i64, i64)> {
        let grown = self.0.iter().filter(|(_, head)| head.now > head.before);
        grown.map(|(room, head)| (*room, head.before + 1, head.now)).collect()
    }
}

/// The heads as the last batch left them. SQLite belongs to one process, so that they need not be read again; should
/// another write all the same, a number that is taken makes the batch fail, and what is remembered is forgotten.
/// PostgreSQL has many writers: there each batch locks and reads.
pub(super) struct Remembered(Option<HashMap<Uuid, Known>>);

impl Remembered {
    pub(super) fn new(db: &Db) -> Self {
        Self(db.is_sqlite().then(HashMap::new))
    }

    /// The heads of `rooms`; those not remembered are read.
    pub(super) async fn open(&self, tx: &impl ConnectionTrait, mut rooms: Vec<Uuid>) -> Result<Heads, Error> {
        rooms.sort_unstable();
        rooms.dedup();
        let mut heads = HashMap::with_capacity(rooms.len());
        let mut known = |room: Uuid, Known { seq, events }| {
            heads.insert(room, Head { before: seq, now: seq, events, ended: false });
        };
        if let Some(remembered) = &self.0 {
            rooms.retain(|room| match remembered.get(room) {
                Some(head) => {
                    known(*room, *head);
                    false
                }
                None => true,
            });
        }
        if !rooms.is_empty() {
            for (room, seq) in log::lock_heads(tx, rooms).await? {
                known(room, Known { seq, events: None });
            }
        }
        Ok(Heads(heads))
    }

    /// The batch is committed: its heads are the newest.
    pub(super) fn keep(&mut self, heads: Heads) {
        let Some(remembered) = &mut self.0 else { return };
        if remembered.len() > MOST_REMEMBERED {
            remembered.clear();
        }
        for (room, head) in heads.0 {
            if head.ended {
                remembered.remove(&room);
            } else {
                remembered.insert(room, Known { seq: head.now, events: head.events });
            }
        }
    }

    /// Something failed: look again.
    pub(super) fn forget(&mut self) {
        if let Some(remembered) = &mut self.0 {
            remembered.clear();
        }
    }
}
