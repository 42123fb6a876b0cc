//! The part of a connection that the hub and a pending answer share with it.

use std::sync::Arc;

use parking_lot::Mutex;
use teahouse_accounts::Session;
use teahouse_protocol::{RoomId, SessionId, UserId};

use crate::Error;
use crate::access::Reader;
use crate::hub::{ConnectionId, LiveRoom, Mailbox, Membership};

/// A connection as the hub knows it.
pub(crate) struct Core {
    id: ConnectionId,
    session: Session,
    mailbox: Arc<Mailbox>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In order of their rooms' ids, to be searched by halves. A map would cost each idle connection more memory.
    seats: Vec<Seat>,
    /// Where a frame without a room goes.
    current: Option<RoomId>,
    listens_to_all: bool,
    /// Whose coming and going the connection watches, in order.
    watched: Vec<UserId>,
}

/// A room that a connection listens to, with shared copies of what decides about access.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) room: Arc<LiveRoom>,
    pub(crate) membership: Arc<Membership>,
}

/// What became of the wish to sit in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seating {
    /// It sits there now.
    New,
    /// It sat there before.
    Kept,
    /// It sits in as many rooms as it may.
    Full,
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
        let state = self.state.lock();
        state.place(room).ok().map(|place| state.seats[place].clone())
    }

    /// Remembers a seat; one that is there already stays. At most `most` of them; 0: any number.
    pub(crate) fn add_seat(&self, seat: Seat, most: usize) -> Seating {
        let mut state = self.state.lock();
        match state.place(seat.room.id()) {
            Ok(_) => Seating::Kept,
            Err(_) if most > 0 && state.seats.len() >= most => Seating::Full,
            Err(place) => {
                state.seats.insert(place, seat);
                Seating::New
            }
        }
    }

    pub(crate) fn remove_seat(&self, room: RoomId) -> Option<Seat> {
        let mut state = self.state.lock();
        if state.current == Some(room) {
            state.current = None;
        }
        state.place(room).ok().map(|place| state.seats.remove(place))
    }

    /// Takes all seats away: the connection ends.
    pub(crate) fn take_rooms(&self) -> Vec<Arc<LiveRoom>> {
        std::mem::take(&mut self.state.lock().seats).into_iter().map(|seat| seat.room).collect()
    }

    /// Remembers that the connection watches `users`; false, and nothing is, where that makes more than `most`. 0: any
    /// number.
    pub(crate) fn watch(&self, users: &[UserId], most: usize) -> bool {
        let mut state = self.state.lock();
        let mut watched = [&state.watched[..], users].concat();
        watched.sort_unstable();
        watched.dedup();
        if most > 0 && watched.len() > most {
            return false;
        }
        state.watched = watched;
        true
    }

    /// Takes away whom the connection watches: it ends.
    pub(crate) fn take_watched(&self) -> Vec<UserId> {
        std::mem::take(&mut self.state.lock().watched)
    }
}

impl State {
    /// Where the room's seat is, or would be.
    fn place(&self, room: RoomId) -> Result<usize, usize> {
        self.seats.binary_search_by_key(&room, |seat| seat.room.id())
    }
}
