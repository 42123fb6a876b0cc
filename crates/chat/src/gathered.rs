//! Small writes that many cheap acts cause: gathered in memory, and written together.
//!
//! A write of its own for each would be synced to the disk, and messages wait for it: somebody who connects and
//! disconnects in a loop, or marks each message as read, would hold up everybody. The first is written at once, what
//! follows within [`ChatConfig::gather_ms`](crate::ChatConfig::gather_ms) together. What a node that dies had gathered
//! is lost: when somebody was last seen, and that they have read; a node that stops writes it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_protocol::{Receipt, RoomId, Seq, ServerEvent, Timestamp, UserId};
use teahouse_store::reads::{self, ReadMark};
use teahouse_store::{rooms, users};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::hub::ConnectionId;
use crate::{Chat, Error};

/// Who waits for a write has it earlier, but not sooner after the last one than this.
const HURRY: Duration = Duration::from_millis(50);
/// Where more than this many users listen, nobody is shown who has read what: each receipt goes to each of them.
const RECEIPTS_UP_TO: usize = 200;

/// What waits to be written.
#[derive(Default)]
pub(crate) struct Gathered {
    waiting: Mutex<Waiting>,
    /// Something waits.
    news: Notify,
    /// Somebody waits for it.
    hurry: Notify,
}

#[derive(Default)]
struct Waiting {
    seen: HashMap<UserId, Timestamp>,
    marks: Marks,
    /// Whose marks are being written just now.
    under_way: HashSet<UserId>,
    told: Vec<oneshot::Sender<Result<(), teahouse_store::Error>>>,
}

/// By who has read, then by room.
type Marks = HashMap<UserId, HashMap<RoomId, Mark>>;

/// How far somebody has read.
#[derive(Clone, Copy)]
struct Mark {
    seq: Seq,
    /// Where it was said, and need not be told.
    connection: Option<ConnectionId>,
}

impl Gathered {
    /// `user` was there at `at`.
    pub(crate) fn saw(&self, user: UserId, at: Timestamp) {
        self.waiting.lock().see(user, at);
        self.news.notify_one();
    }

    /// When `user` was last seen, where that waits to be written.
    pub(crate) fn last_seen(&self, user: UserId) -> Option<Timestamp> {
        self.waiting.lock().seen.get(&user).copied()
    }

    /// `user` has read `room` up to `seq`.
    pub(crate) fn mark_read(&self, room: RoomId, user: UserId, seq: Seq, connection: Option<ConnectionId>) {
        self.waiting.lock().mark(room, user, Mark { seq, connection });
        self.news.notify_one();
    }

    /// Waits until what `user` has read so far is written, where something of it is not.
    ///
    /// # Errors
    /// When it could not be written; it is tried again.
    pub(crate) async fn written(&self, user: UserId) -> Result<(), Error> {
        let told = {
            let mut waiting = self.waiting.lock();
            if !waiting.marks.contains_key(&user) && !waiting.under_way.contains(&user) {
                return Ok(());
            }
            let (tell, told) = oneshot::channel();
            waiting.told.push(tell);
            told
        };
        // Where it is just being written there is no other news.
        self.news.notify_one();
        self.hurry.notify_one();
        Ok(told.await.map_err(|_| Error::Busy)??)
    }

    /// Takes what waits; it is under way until the next time.
    fn take(&self) -> Waiting {
        let mut waiting = self.waiting.lock();
        let under_way = waiting.marks.keys().copied().collect();
        std::mem::replace(&mut *waiting, Waiting { under_way, ..Waiting::default() })
    }

    /// What could not be written waits on, beneath what came since.
    fn give_back(&self, seen: HashMap<UserId, Timestamp>, marks: Marks) {
        let mut waiting = self.waiting.lock();
        for (user, at) in seen {
            waiting.see(user, at);
        }
        for (user, rooms) in marks {
            for (room, mark) in rooms {
                waiting.mark(room, user, mark);
            }
        }
        drop(waiting);
        self.news.notify_one();
    }
}

impl Waiting {
    fn see(&mut self, user: UserId, at: Timestamp) {
        let seen = self.seen.entry(user).or_insert(at);
        *seen = at.max(*seen);
    }

    fn mark(&mut self, room: RoomId, user: UserId, mark: Mark) {
        let known = self.marks.entry(user).or_default().entry(room).or_insert(mark);
        if mark.seq > known.seq {
            *known = mark;
        }
    }
}

/// Writes what is gathered, until `stop`; then the rest, and that those who are still here were.
pub(crate) async fn write_gathered(chat: Chat, stop: CancellationToken) {
    let (gathered, pause) = (chat.gathered(), chat.config().gather());
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = gathered.news.notified() => {}
        }
        chat.write_down().await;
        let written = Instant::now();
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = gathered.hurry.notified() => sleep_until(written + HURRY.min(pause)).await,
            () = sleep_until(written + pause) => {}
        }
    }
    let now = chat.now();
    for user in chat.hub().users() {
        gathered.waiting.lock().see(user, now);
    }
    chat.write_down().await;
}

impl Chat {
    async fn write_down(&self) {
        let Waiting { seen, marks, told, .. } = self.gathered().take();
        if seen.is_empty() && marks.is_empty() && told.is_empty() {
            return;
        }
        let outcome = self.write_both(&seen, &marks).await;
        self.gathered().waiting.lock().under_way.clear();
        let outcome = match outcome {
            Ok(moved) => {
                for receipt in moved {
                    self.show(receipt, &marks).await;
                }
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "what people have read, and when they were seen, waits to be written");
                self.gathered().give_back(seen, marks);
                Err(error)
            }
        };
        for tell in told {
            // Who hung up asks no more.
            let _gone = tell.send(outcome.clone());
        }
    }

    /// One transaction. Returns the marks that moved.
    async fn write_both(
        &self,
        seen: &HashMap<UserId, Timestamp>,
        marks: &Marks,
    ) -> Result<Vec<ReadMark>, teahouse_store::Error> {
        let of: HashSet<RoomId> = marks.values().flat_map(HashMap::keys).copied().collect();
        let heads = rooms::heads(self.db().conn(), &of.into_iter().collect::<Vec<_>>()).await?;
        // Nobody has read what is not there yet, nor in a room that is gone.
        let each =
            marks.iter().flat_map(|(user, rooms)| rooms.iter().map(|(room, mark)| (*user, *room, *mark)));
        let mut marks: Vec<ReadMark> = each
            .filter_map(|(user, room, mark)| {
                Some(ReadMark { room, user, seq: mark.seq.min(*heads.get(&room)?) })
            })
            .collect();
        let mut seen: Vec<(UserId, Timestamp)> = seen.iter().map(|(user, at)| (*user, *at)).collect();
        // In one order on every node, or two would wait for each other.
        marks.sort_unstable_by_key(|mark| (mark.room, mark.user));
        seen.sort_unstable();
        let tx = self.db().begin().await?;
        users::touch_each(&tx, &seen).await?;
        let moved = reads::advance_many(&tx, &marks, self.now()).await?;
        tx.commit().await?;
        Ok(moved)
    }

    async fn show(&self, moved: ReadMark, marks: &Marks) {
        let ReadMark { room, user, seq } = moved;
        if self.hub().find(room).is_some_and(|live| live.users_online() <= RECEIPTS_UP_TO) {
            let mark = marks.get(&user).and_then(|rooms| rooms.get(&room));
            let connection = mark.and_then(|mark| mark.connection);
            let event = ServerEvent::Receipt(Receipt { room, user, seq });
            self.pass(room, event, connection).await;
        }
    }
}
