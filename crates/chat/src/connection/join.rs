//! `join` and `listen`: become a live listener, without a gap and without a repeat.
//!
//! A listener is added first, and what is new is held back; then the log is read up to its head; then what was held
//! back follows, but for what the log brought. An event committed before the read is in the log, one committed after
//! it is delivered after it: so each comes exactly once, in order.

use std::collections::HashSet;
use std::sync::Arc;

use teahouse_protocol::{Head, Heads, Join, Joined, Listen, RoomId, Seq, ServerEvent};
use teahouse_store::{PageSize, members, messages, reads, rooms};

use super::{Core, Seat, Seating};
use crate::rooms::UNREAD_COUNTED;
use crate::{Chat, Error, reason};

/// Rooms named by one `listen` that cost as much as one small frame.
const ROOMS_A_SIGNAL: usize = 10;

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
    let row = rooms::find(chat.db().conn(), join.room).await?.ok_or(Error::RoomNotFound)?;
    let head = Seq::new(row.last_seq).unwrap_or_default();
    let since = join.since.unwrap_or(head).min(head);
    let missed = chat.log_after(join.room, since, head, PageSize::capped(join.limit)).await?;
    let read = reads::find(chat.db().conn(), join.room, user).await?;
    let unread = messages::count_unread(chat.db().conn(), join.room, user, read, UNREAD_COUNTED).await?;
    core.mailbox().send(&ServerEvent::Joined(Joined {
        room: join.room,
        last_seq: head,
        members_online: seat.room.users_online(),
        role: reader.member.map(|member| member.role),
        unread,
    }));
    let (read, mut reached) = (missed.len(), since);
    for (seq, event) in missed {
        core.mailbox().send(&event);
        reached = seq;
    }
    if reached < head {
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
    let mut heads = Vec::with_capacity(rooms.len());
    let mut seats = Vec::with_capacity(rooms.len());
    for room in rooms.into_iter().filter(|room| named.insert(*room)) {
        let seat = chat.seat(core, room);
        match head(chat, core, &seat, only_mine).await {
            Ok(head) => {
                seats.push((seat, head.last_seq));
                heads.push(head);
            }
            // With "all" it hears as many as it may, the oldest first.
            Err(Error::Conflict(_)) if only_mine => {
                stop(chat, core, &seat);
                break;
            }
            // One that went in between, or was never there, must not cost the others.
            Err(Error::RoomNotFound) => stop(chat, core, &seat),
            Err(error) => {
                stop(chat, core, &seat);
                return Err(error);
            }
        }
    }
    core.mailbox().send(&ServerEvent::Heads(Heads { rooms: heads }));
    let read = seats.len();
    for (seat, head) in seats {
        go_live(core, &seat, head);
    }
    turn.has_read(read).await;
    Ok(())
}

async fn head(chat: &Chat, core: &Arc<Core>, seat: &Seat, only_mine: bool) -> Result<Head, Error> {
    take(chat, core, seat)?;
    let reader = chat.access().require_live_reader(seat, core.user_id(), chat.now()).await?;
    // Left since the list was read: a public room would still let the user look in.
    if only_mine && reader.member.is_none() {
        return Err(Error::RoomNotFound);
    }
    let row = rooms::find(chat.db().conn(), seat.room.id()).await?.ok_or(Error::RoomNotFound)?;
    chat.head_of(core.user_id(), &row).await
}

/// Somebody became a member of `room`: their connections that listen to all hear it from `joined` on.
pub(crate) fn follow(chat: &Chat, core: &Arc<Core>, room: RoomId, joined: Seq) {
    let seat = chat.seat(core, room);
    if core.add_seat(seat.clone(), chat.limits().rooms_per_connection) == Seating::New {
        seat.room.add_live_listener(core, Seq::new(joined.get() - 1).unwrap_or_default());
    }
}
