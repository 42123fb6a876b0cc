//! The hub: this node's connections, who listens to which room, and the delivery of events to them.
//!
//! It holds no truth: whatever it knows can be lost at any moment, and is read again from the database.

mod live_room;
mod mailbox;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use dashmap::DashMap;
use teahouse_accounts::SessionEnd;
use teahouse_protocol::{CloseCode, ErrorCode, ErrorEvent, RoomId, ServerEvent, SessionId, UserId};

pub use mailbox::{Dialect, Encode, Mailbox, MailboxLimits, Taken};

pub(crate) use live_room::{LiveRoom, Membership, RoomFacts};

use crate::connection::Core;
use crate::news::{Logged, Origin};

/// A connection's name on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionId(u64);

/// This node's connections and the rooms that they listen to.
pub(crate) struct Hub {
    encoder: Arc<dyn Encode>,
    next_id: AtomicU64,
    rooms: DashMap<RoomId, Arc<LiveRoom>>,
    users: DashMap<UserId, Vec<Arc<Core>>>,
    deliveries: AtomicU64,
}

impl Hub {
    pub(crate) fn new(encoder: Arc<dyn Encode>) -> Self {
        Self {
            encoder,
            next_id: AtomicU64::new(1),
            rooms: DashMap::new(),
            users: DashMap::new(),
            deliveries: AtomicU64::new(0),
        }
    }

    pub(crate) fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// How many frames were put into mailboxes.
    pub(crate) fn deliveries(&self) -> u64 {
        self.deliveries.load(Ordering::Relaxed)
    }

    /// Adds a connection; true when it is its user's first here. Where the user has `most` already, the oldest is told
    /// and closed, and hears nothing more. 0: any number.
    pub(crate) fn add(&self, core: Arc<Core>, most: usize) -> bool {
        let (is_first, crowded_out) = {
            let mut connections = self.users.entry(core.user_id()).or_default();
            connections.push(core);
            let is_over = most > 0 && connections.len() > most;
            (connections.len() == 1, is_over.then(|| connections.remove(0)))
        };
        if let Some(oldest) = crowded_out {
            crowd_out(&oldest);
            self.silence(&oldest);
        }
        is_first
    }

    /// Takes a connection out of every room.
    fn silence(&self, core: &Core) {
        for room in core.take_rooms() {
            self.stop_listening(&room, core);
        }
    }

    /// Takes a connection away, from every room too; true when it was its user's last here.
    pub(crate) fn remove(&self, core: &Arc<Core>) -> bool {
        self.silence(core);
        let user = core.user_id();
        if let Some(mut connections) = self.users.get_mut(&user) {
            connections.retain(|other| other.id() != core.id());
        }
        self.users.remove_if(&user, |_, connections| connections.is_empty()).is_some()
    }

    /// The connections of `user` here.
    pub(crate) fn connections_of(&self, user: UserId) -> Vec<Arc<Core>> {
        self.users.get(&user).map(|connections| connections.clone()).unwrap_or_default()
    }

    /// Whether `user` is connected here.
    pub(crate) fn is_online(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// Everybody who is connected here.
    pub(crate) fn users(&self) -> Vec<UserId> {
        self.users.iter().map(|entry| *entry.key()).collect()
    }

    /// Every connection here.
    pub(crate) fn all(&self) -> Vec<Arc<Core>> {
        self.users.iter().flat_map(|entry| entry.value().clone()).collect()
    }

    /// The room as this node knows it, made when nobody listened to it before. It stays while somebody holds it.
    pub(crate) fn open(&self, room: RoomId) -> Arc<LiveRoom> {
        self.rooms.entry(room).or_insert_with(|| Arc::new(LiveRoom::new(room))).clone()
    }

    /// The room, when somebody here listens to it or is about to.
    pub(crate) fn find(&self, room: RoomId) -> Option<Arc<LiveRoom>> {
        self.rooms.get(&room).map(|live| Arc::clone(&live))
    }

    /// Ends the listening of `core` to `room`, and forgets the room when that was the last.
    pub(crate) fn stop_listening(&self, room: &Arc<LiveRoom>, core: &Core) {
        room.remove_listener(core);
        self.release(room.id());
    }

    /// Forgets `room` unless somebody listens to it or holds it.
    pub(crate) fn release(&self, room: RoomId) {
        // One reference is the map's own, another may be the caller's: a room kept too long costs a few bytes, until
        // the next release.
        self.rooms.remove_if(&room, |_, live| live.is_idle() && Arc::strong_count(live) <= 2);
    }

    /// Delivers an event of a room's log to everybody who listens, in one encoding for each dialect. The connection
    /// that caused it gets its ack in the event's place, so that what it sees stays in order of `seq`.
    pub(crate) fn deliver(&self, logged: &Logged) {
        if let Some(room) = self.find(logged.room) {
            let except = logged.origin.as_ref().map(|origin| origin.core.id());
            let mut frames = Frames::new(&*self.encoder, &logged.event);
            let delivered = room.deliver(Some(logged.seq), except, &mut frames);
            self.deliveries.fetch_add(delivered, Ordering::Relaxed);
        }
        if let Some(Origin { core, ack }) = &logged.origin {
            core.mailbox().send(ack);
        }
    }

    /// Delivers an event that is not kept (typing, a receipt) to everybody who listens to `room`, but not to the
    /// connection that caused it.
    pub(crate) fn deliver_passing(&self, room: RoomId, event: &ServerEvent, except: Option<ConnectionId>) {
        if let Some(room) = self.find(room) {
            let mut frames = Frames::new(&*self.encoder, event);
            let delivered = room.deliver(None, except, &mut frames);
            self.deliveries.fetch_add(delivered, Ordering::Relaxed);
        }
    }

    /// Closes the connections of an ended session.
    pub(crate) fn end_session(&self, user: UserId, session: SessionId, why: SessionEnd) {
        for core in self.connections_of(user) {
            if core.session_id() == session {
                match why {
                    SessionEnd::SignedInElsewhere => {
                        core.mailbox().close(CloseCode::SignedInElsewhere, "signed in elsewhere");
                    }
                    SessionEnd::LoggedOut | SessionEnd::Merged => end(&core),
                }
            }
        }
    }
}

/// Tells a connection that its session has ended, and closes it with 4001.
pub(crate) fn end(core: &Core) {
    core.mailbox().send(&ServerEvent::Error(ErrorEvent::new(ErrorCode::SessionExpired)));
    core.mailbox().close(CloseCode::SessionExpired, "session expired");
}

/// Tells a connection that its user has too many, and closes it with 4002: one that came back by itself would crowd out
/// the next.
fn crowd_out(core: &Core) {
    core.mailbox().send(&ServerEvent::Error(ErrorEvent::new(ErrorCode::TooManyConnections)));
    core.mailbox().close(CloseCode::SignedInElsewhere, "too many connections");
}

/// Closes a connection because this server goes away: its client comes back, elsewhere or later.
pub(crate) fn go_away(core: &Core) {
    core.mailbox().close(CloseCode::GoingAway, "server is going away");
}

/// One event, encoded at most once for each dialect.
pub(crate) struct Frames<'a> {
    encoder: &'a dyn Encode,
    event: &'a ServerEvent,
    encoded: [Option<Option<Bytes>>; Dialect::COUNT],
}

impl<'a> Frames<'a> {
    fn new(encoder: &'a dyn Encode, event: &'a ServerEvent) -> Self {
        Self { encoder, event, encoded: [const { None }; Dialect::COUNT] }
    }

    pub(crate) fn get(&mut self, dialect: Dialect) -> Option<Bytes> {
        self.encoded[dialect.index()].get_or_insert_with(|| self.encoder.encode(dialect, self.event)).clone()
    }
}
