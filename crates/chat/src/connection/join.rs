//! `join` and `listen`: become a live listener, without a gap and without a repeat.
//!
//! A listener is added first, and what is new is held back; then the log is read up to its head; then what was held
//! back follows, but for what the log brought. An event committed before the read is in the log, one committed after
//! it is delivered after it: so each comes exactly once, in order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use teahouse_protocol::{Head, Heads, Join, Joined, Listen, RoomId, Seq, ServerEvent};
use teahouse_store::{PageSize, members};

use super::{Core, Seat, Seating};
use crate::{Chat, Error, reason};

/// Rooms named by one `listen` that cost as much as one small frame.
const ROOMS_A_SIGNAL: usize = 10;

/// Rooms of one `heads`: with a preview of the newest message each, some 60 KB at most.
const HEADS_A_FRAME: usize = 50;

pub(super) async fn join(chat: &Chat, core: &Arc<Core>, join: Join) -> Result<(), Error> {
    chat.paces().signal(core.user_id(), 1)?;
    let turn = chat.turns().take(core.user_id()).await;
    // What the user has read before must not count as unread.
    chat.gathered().written(core.user_id()).await?;
    let seat = chat.seat(core, join.room);
    match enter(chat, core, &seat, &join).await {
        Ok(read) => {
            turn.has_read(read).await;
            Ok(())
        }
        Err(error) => {
            stop(chat, core, &seat);
            Err(error)
        }
    }
}

/// How many events it took to catch up.
async fn enter(chat: &Chat, core: &Arc<Core>, seat: &Seat, join: &Join) -> Result<usize, Error> {
    let user = core.user_id();
    take(chat, core, seat)?;
    let reader = chat.access().require_live_reader(seat, user, chat.now()).await?;
    let place = chat.places(user, &[join.room]).await?.remove(&join.room).ok_or(Error::RoomNotFound)?;
    let head = place.head.last_seq;
    let since = join.since.unwrap_or(head).min(head);
    let (missed, more) = chat.log_after(join.room, since, head, PageSize::capped(join.limit)).await?;
    core.mailbox().send(&ServerEvent::Joined(Joined {
        room: join.room,
        last_seq: head,
        members_online: seat.room.users_online(),
        role: reader.member.map(|member| member.role),
        unread: place.head.unread,
    }));
    let (read, mut reached) = (missed.len(), since);
    for (seq, event) in missed {
        core.mailbox().send(&event);
        reached = seq;
    }
    if more {
        core.mailbox().send(&ServerEvent::Gap { room: join.room, from: reached.next(), to: head });
    }
    core.set_current_room(join.room);
    go_live(core, seat, head);
    Ok(read)
}

/// The seat comes before the look whether it may be taken: who is put out before the look is refused by it, and who is
/// put out after it is found sitting. The other way round somebody could slip in between.
fn take(chat: &Chat, core: &Arc<Core>, seat: &Seat) -> Result<(), Error> {
    if core.add_seat(seat.clone(), chat.limits().rooms_per_connection) == Seating::Full {
        return Err(Error::Conflict(reason::SITS_IN_TOO_MANY_ROOMS));
    }
    seat.room.add_listener(core);
    Ok(())
}

/// From here on the connection hears the room, unless it was put out meanwhile: then it is told.
fn go_live(core: &Core, seat: &Seat, after: Seq) {
    if !seat.room.go_live(core, after) {
        core.remove_seat(seat.room.id());
        core.mailbox().send(&ServerEvent::Left { room: seat.room.id() });
    }
}

fn stop(chat: &Chat, core: &Arc<Core>, seat: &Seat) {
    core.remove_seat(seat.room.id());
    chat.hub().stop_listening(&seat.room, core);
}

pub(super) async fn listen(chat: &Chat, core: &Arc<Core>, listen: Listen) -> Result<(), Error> {
    let named = if let Listen::Rooms(rooms) = &listen { rooms.len() } else { 0 };
    chat.paces().signal(core.user_id(), 1 + named / ROOMS_A_SIGNAL)?;
    let turn = chat.turns().take(core.user_id()).await;
    chat.gathered().written(core.user_id()).await?;
    let only_mine = listen == Listen::All;
    let rooms = match listen {
        Listen::All => {
            // First the wish, then the list: a room that the user gets into in between is in one or the other.
            core.listen_to_all();
            chat.access().membership(chat.lobby(), core.user_id(), chat.now()).await?;
            members::rooms_of(chat.db().conn(), core.user_id()).await?
        }
        Listen::Rooms(rooms) => rooms,
    };
    let mut named = HashSet::with_capacity(rooms.len());
    let rooms: Vec<RoomId> = rooms.into_iter().filter(|room| named.insert(*room)).collect();
    let read = rooms.len();
    let mut pages = rooms.chunks(HEADS_A_FRAME).peekable();
    if rooms.is_empty() {
        core.mailbox().send(&ServerEvent::Heads(Heads { rooms: Vec::new(), more: false }));
    }
    while let Some(rooms) = pages.next() {
        let page = Page { chat, core, only_mine, more: pages.peek().is_some() };
        if page.listen(rooms).await? == Seated::AsManyAsMayBe {
            break;
        }
    }
    turn.has_read(read).await;
    Ok(())
}

/// Rooms of one `heads`.
struct Page<'a> {
    chat: &'a Chat,
    core: &'a Arc<Core>,
    only_mine: bool,
    /// Whether another follows.
    more: bool,
}

/// How many rooms of a page it hears.
#[derive(PartialEq, Eq)]
enum Seated {
    All,
    /// Its connection hears as many as it may.
    AsManyAsMayBe,
}

impl Page<'_> {
    /// Listens to `rooms`, and tells where they stand. A fixed number of queries, however many.
    async fn listen(&self, rooms: &[RoomId]) -> Result<Seated, Error> {
        let (seats, seated) = self.seats(rooms)?;
        let heads = self.heads(&seats).await;
        if heads.is_err() {
            seats.iter().for_each(|seat| stop(self.chat, self.core, seat));
        }
        let heads = heads?;
        let more = self.more && seated == Seated::All;
        let there: HashMap<RoomId, Seq> = heads.iter().map(|head| (head.room, head.last_seq)).collect();
        self.core.mailbox().send(&ServerEvent::Heads(Heads { rooms: heads, more }));
        for seat in &seats {
            match there.get(&seat.room.id()) {
                Some(head) => go_live(self.core, seat, *head),
                // One that went in between, or was never there, must not cost the others.
                None => stop(self.chat, self.core, seat),
            }
        }
        Ok(seated)
    }

    /// Takes its seats. With "all" it hears as many as it may, the oldest first.
    fn seats(&self, rooms: &[RoomId]) -> Result<(Vec<Seat>, Seated), Error> {
        let mut seats = Vec::with_capacity(rooms.len());
        for room in rooms {
            let seat = self.chat.seat(self.core, *room);
            match take(self.chat, self.core, &seat) {
                Ok(()) => seats.push(seat),
                Err(error) => {
                    stop(self.chat, self.core, &seat);
                    if self.only_mine && matches!(error, Error::Conflict(_)) {
                        return Ok((seats, Seated::AsManyAsMayBe));
                    }
                    seats.iter().for_each(|seat| stop(self.chat, self.core, seat));
                    return Err(error);
                }
            }
        }
        Ok((seats, Seated::All))
    }

    /// The heads of those that may be listened to, in the order of `seats`.
    async fn heads(&self, seats: &[Seat]) -> Result<Vec<Head>, Error> {
        let (chat, user) = (self.chat, self.core.user_id());
        chat.access().preload(seats, user).await?;
        let mut open = Vec::with_capacity(seats.len());
        for seat in seats {
            match chat.access().require_live_reader(seat, user, chat.now()).await {
                // Left since the list was read: a public room would still let the user look in.
                Ok(reader) if self.only_mine && reader.member.is_none() => {}
                Ok(_) => open.push(seat.room.id()),
                Err(Error::RoomNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let mut places = chat.places_with_last(user, &open).await?;
        Ok(open.iter().filter_map(|room| Some(places.remove(room)?.head)).collect())
    }
}

/// Somebody became a member of `room`: their connections that listen to all hear it from `joined` on.
pub(crate) fn follow(chat: &Chat, core: &Arc<Core>, room: RoomId, joined: Seq) {
    let seat = chat.seat(core, room);
    if core.add_seat(seat.clone(), chat.limits().rooms_per_connection) == Seating::New {
        seat.room.add_live_listener(core, Seq::new(joined.get() - 1).unwrap_or_default());
    }
}
