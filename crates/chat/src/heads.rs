//! Where rooms stand for a user, many at a time: for `listen`, `join` and the list of rooms.

use std::collections::HashMap;

use teahouse_protocol::{Head, Message, RoomId, UserId};
use teahouse_store::{messages, standing};
use uuid::Uuid;

use crate::{Chat, Error};

/// Unread messages are counted up to this: past it a number tells nobody anything.
const UNREAD_COUNTED: u32 = 1_000;

/// Where a room stands for a user.
pub(crate) struct Place {
    pub(crate) head: Head,
    /// How often the user is mentioned in what they have not read.
    pub(crate) mentions: u32,
}

impl Chat {
    /// Where those of `rooms` that are there stand for `user`, without their newest messages. One query, however many.
    pub(crate) async fn places(
        &self,
        user: UserId,
        rooms: &[RoomId],
    ) -> Result<HashMap<RoomId, Place>, Error> {
        let standings = standing::find(self.db().conn(), user, rooms).await?;
        Ok(standings.iter().map(|(room, standing)| (*room, self.place(user, *room, standing))).collect())
    }

    /// As [`Chat::places`], with a preview of each room's newest message. A fixed number of queries, however many.
    pub(crate) async fn places_with_last(
        &self,
        user: UserId,
        rooms: &[RoomId],
    ) -> Result<HashMap<RoomId, Place>, Error> {
        let standings = standing::find(self.db().conn(), user, rooms).await?;
        let ids: Vec<Uuid> = standings.values().filter_map(|standing| standing.last).collect();
        let newest = self.messages_of(messages::find_many(self.db().conn(), &ids).await?).await?;
        let mut newest: HashMap<RoomId, Message> =
            newest.into_iter().map(|message| (message.room, message.into_preview())).collect();
        let places = standings.iter().map(|(room, standing)| {
            let mut place = self.place(user, *room, standing);
            place.head.last = newest.remove(room);
            (*room, place)
        });
        Ok(places.collect())
    }

    fn place(&self, user: UserId, room: RoomId, standing: &standing::Standing) -> Place {
        let unread = standing.unread(self.own_tallies().waiting(room, user)).min(UNREAD_COUNTED);
        let (last_seq, read_seq) = (standing.last_seq, standing.read_seq);
        Place { head: Head { room, last_seq, read_seq, unread, last: None }, mentions: standing.mentions }
    }
}
