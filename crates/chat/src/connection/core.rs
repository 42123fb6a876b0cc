//! The part of a connection that the hub and a pending answer share with it.

use std::sync::Arc;

use parking_lot::Mutex;
use teahouse_accounts::Session;
use teahouse_protocol::{RoomId, SessionId, Timestamp, UserId};

use crate::Error;
use crate::access::Reader;
use crate::hub::{ConnectionId, LiveRoom, Mailbox, Membership};

/// How often one connection may say that it is typing in a room.
const TYPING_EVERY_MS: i64 = 3_000;

/// A connection as the hub knows it.
pub(crate) struct Core {
    id: ConnectionId,
    session: Session,
    mailbox: Arc<Mailbox>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seats: Vec<Seat>,
    /// Where a frame without a room goes.
    current: Option<RoomId>,
    listens_to_all: bool,
    /// Where the connection said lately that it is typing.
    typed: Vec<(RoomId, Timestamp)>,
}

/// A room that a connection listens to, with shared copies of what decides about access.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) room: Arc<LiveRoom>,
    pub(crate) membership: Arc<Membership>,
}

impl Seat {
    pub(crate) fn new(room: Arc<LiveRoom>, user: UserId) -> Self {
        let membership = room.membership(user);
        Self { room, membership }
    }

    /// Who the user is here, when both copies are fresh.
    pub(crate) fn reader(&self) -> Option<Result<Reader, Error>> {
        Some(Reader::new(self.room.facts.get()?, self.membership.get()?))
    }
}

impl Core {
    pub(crate) fn new(id: ConnectionId, session: Session, mailbox: Arc<Mailbox>) -> Arc<Self> {
        Arc::new(Self { id, session, mailbox, state: Mutex::default() })
    }

    pub(crate) const fn id(&self) -> ConnectionId {
        self.id
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn session_id(&self) -> SessionId {
        self.session.id()
    }

    pub(crate) fn user_id(&self) -> UserId {
        self.session.user_id()
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    pub(crate) fn current_room(&self) -> Option<RoomId> {
        self.state.lock().current
    }

    pub(crate) fn set_current_room(&self, room: RoomId) {
        self.state.lock().current = Some(room);
    }

    pub(crate) fn listens_to_all(&self) -> bool {
        self.state.lock().listens_to_all
    }

    pub(crate) fn listen_to_all(&self) {
        self.state.lock().listens_to_all = true;
    }

    /// The room's seat, when this connection listens there.
    pub(crate) fn seat(&self, room: RoomId) -> Option<Seat> {
        self.state.lock().seats.iter().find(|seat| seat.room.id() == room).cloned()
    }

    /// Remembers a seat; one that is there already stays, and then this is false.
    pub(crate) fn add_seat(&self, seat: Seat) -> bool {
        let mut state = self.state.lock();
        let is_new = !state.seats.iter().any(|other| other.room.id() == seat.room.id());
        if is_new {
            state.seats.push(seat);
        }
        is_new
    }

    pub(crate) fn remove_seat(&self, room: RoomId) -> Option<Seat> {
        let mut state = self.state.lock();
        if state.current == Some(room) {
            state.current = None;
        }
        let place = state.seats.iter().position(|seat| seat.room.id() == room)?;
        Some(state.seats.swap_remove(place))
    }

    /// Takes all seats away: the connection ends.
    pub(crate) fn take_rooms(&self) -> Vec<Arc<LiveRoom>> {
        std::mem::take(&mut self.state.lock().seats).into_iter().map(|seat| seat.room).collect()
    }

    /// Whether `typing` may pass now; if so it counts as passed.
    pub(crate) fn may_type(&self, room: RoomId, now: Timestamp) -> bool {
        let mut state = self.state.lock();
        state.typed.retain(|(_, at)| now.millis() - at.millis() < TYPING_EVERY_MS);
        if state.typed.iter().any(|(other, _)| *other == room) {
            return false;
        }
        state.typed.push((room, now));
        true
    }
}
