//! The conversation as plugins read it: straight from the tables, because a plugin is nobody's session. Which rooms a
//! plugin may read is its house's question.

use std::collections::HashMap;

use teahouse_chat::{RoomBrief, RoomDetails};
use teahouse_plugin_host::wit;
use teahouse_protocol::{
    Content, Kind, MessageId, Role, RoomId, RoomKind, Seq, Timestamp, UserId, UserProfile,
};
use teahouse_store::entity::{member, message};
use teahouse_store::{PageSize, members, messages, rooms};

use crate::Error;
use crate::convert;
use crate::services::Grounds;

/// People and what they are in a room.
pub(crate) struct Cast {
    profiles: HashMap<UserId, UserProfile>,
    roles: HashMap<UserId, Role>,
}

/// Reads for plugins.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a>(pub(crate) &'a Grounds);

impl Reading<'_> {
    /// What `room` is; `None` when it is not there.
    pub(crate) async fn room(self, room: RoomId) -> Result<Option<RoomDetails>, Error> {
        let conn = self.0.db.conn();
        let Some(row) = rooms::find(conn, room).await? else { return Ok(None) };
        Ok(Some(RoomDetails {
            brief: RoomBrief {
                id: room,
                kind: rooms::kind(&row),
                visibility: rooms::visibility(&row),
                is_lobby: room == self.0.chat.lobby(),
            },
            name: row.name,
            announcement: row.announcement,
            members: members::count(conn, room).await?,
        }))
    }

    /// Whether `room` is a conversation of two, which plugins have no business in unless they are one of them.
    pub(crate) async fn is_direct(self, room: RoomId) -> Result<bool, Error> {
        let row = rooms::find(self.0.db.conn(), room).await?;
        Ok(row.is_some_and(|row| rooms::kind(&row) == RoomKind::Direct))
    }

    /// What `user` is in `room`; `None`: no member.
    pub(crate) async fn role(self, room: RoomId, user: UserId) -> Result<Option<Role>, Error> {
        Ok(members::find(self.0.db.conn(), room, user).await?.as_ref().map(members::role))
    }

    pub(crate) async fn profile(self, user: UserId) -> Result<Option<UserProfile>, Error> {
        Ok(self.0.accounts.full_profiles(&[user]).await?.remove(&user))
    }

    /// The members of `room` after `after`, by id.
    pub(crate) async fn members(
        self,
        room: RoomId,
        after: Option<UserId>,
        size: PageSize,
    ) -> Result<Vec<UserProfile>, Error> {
        let rows: Vec<member::Model> =
            members::page(self.0.db.conn(), room, after.map(UserId::uuid), size).await?;
        let ids: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
        let mut profiles = self.0.accounts.full_profiles(&ids).await?;
        Ok(ids.iter().filter_map(|id| profiles.remove(id)).collect())
    }

    /// A message as it is now, wherever it is.
    pub(crate) async fn message(self, id: MessageId) -> Result<Option<message::Model>, Error> {
        Ok(messages::find(self.0.db.conn(), id).await?)
    }

    /// These people, as they are in `room`.
    pub(crate) async fn cast(
        self,
        room: RoomId,
        people: impl IntoIterator<Item = UserId>,
    ) -> Result<Cast, Error> {
        let mut people: Vec<UserId> = people.into_iter().collect();
        people.sort_unstable();
        people.dedup();
        let mut roles = HashMap::with_capacity(people.len());
        for user in &people {
            if let Some(role) = self.role(room, *user).await? {
                roles.insert(*user, role);
            }
        }
        Ok(Cast { profiles: self.0.accounts.full_profiles(&people).await?, roles })
    }

    /// Messages of one room, in the interface's words; those of a kind that a newer version wrote are left out.
    pub(crate) async fn tell(
        self,
        room: RoomId,
        rows: Vec<message::Model>,
    ) -> Result<Vec<wit::Message>, Error> {
        let cast = self.cast(room, rows.iter().map(|row| UserId::from_uuid(row.sender_id))).await?;
        Ok(rows.into_iter().filter_map(|row| cast.message(row)).collect())
    }
}

impl Cast {
    /// Somebody of the cast; who is gone from the database is left with their id.
    pub(crate) fn user(&self, id: UserId) -> wit::User {
        match self.profiles.get(&id) {
            Some(profile) => convert::user(profile),
            None => wit::User {
                id: id.to_string(),
                name: "?".to_owned(),
                is_bot: false,
                is_guest: false,
                joined_at: 0.0,
                extra: Vec::new(),
            },
        }
    }

    pub(crate) fn is_bot(&self, id: UserId) -> bool {
        self.profiles.get(&id).is_some_and(|profile| profile.is_bot)
    }

    /// What somebody of the cast is in the room; `None`: no member any more.
    pub(crate) fn role_of(&self, id: UserId) -> Option<Role> {
        self.roles.get(&id).copied()
    }

    fn role(&self, id: UserId) -> &'static str {
        let role = self.roles.get(&id).copied().unwrap_or(Role::Member);
        self.profiles.get(&id).map_or("member", |profile| convert::role(profile, role))
    }

    /// A message as it is now: recalled, it says nothing.
    pub(crate) fn message(&self, row: message::Model) -> Option<wit::Message> {
        let kind = Kind::from_number(row.kind)?;
        let sender = UserId::from_uuid(row.sender_id);
        let mentions = messages::mentions(&row).iter().map(ToString::to_string).collect();
        let (text, content) = if row.recalled_at_ms.is_some() {
            (String::new(), None)
        } else {
            convert::content(&Content::from_stored(kind, row.content)?)
        };
        Some(wit::Message {
            id: MessageId::from_uuid(row.id).to_string(),
            room: RoomId::from_uuid(row.room_id).to_string(),
            seq: Seq::new(row.seq).map(convert::seq),
            sender: self.user(sender),
            role: self.role(sender).to_owned(),
            kind: kind.as_str().to_owned(),
            text,
            content,
            reply_to: row.reply_to.map(|id| MessageId::from_uuid(id).to_string()),
            mentions,
            at: convert::instant(Timestamp::from_millis(row.sent_at_ms)),
            hops: u8::try_from(row.hops).unwrap_or(u8::MAX),
            extra: Vec::new(),
        })
    }
}
