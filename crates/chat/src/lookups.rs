//! What plugins may read, once somebody made sure that they may: rooms, people and messages as values, without a caller.

use std::collections::HashMap;

use teahouse_protocol::{Message, MessageId, Role, RoomId, Seq, ServerEvent, UserId, UserProfile};
use teahouse_store::entity::message;
use teahouse_store::{PageSize, held, log, members, messages};

use crate::keeping::kept_message;
use crate::{Chat, Error};

/// A member, as a plugin sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberDetails {
    /// Who.
    pub user: UserProfile,
    /// What they may do in the room.
    pub role: Role,
}

/// A message, as a plugin sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// As everybody sees it.
    pub message: Message,
    /// Who wrote it; `None`: they are gone.
    pub sender: Option<UserProfile>,
    /// What they are in the room now; `None`: no member any more.
    pub role: Option<Role>,
    /// 0: a person wrote it; n: a bot wrote it in answer to one with n − 1.
    pub hops: u8,
}

/// One entry of a room's log, as a plugin sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum LogEntry {
    /// A message was sent.
    Posted(Box<Spoken>),
    /// A message was edited; this is what it says now. `None`: it was recalled since.
    Edited {
        /// The event, as everybody saw it.
        event: Box<teahouse_protocol::Edited>,
        /// The message now.
        message: Option<Box<Spoken>>,
    },
    /// Anything else, as everybody saw it.
    Other(Box<ServerEvent>),
}

impl Chat {
    /// What `user` is in `room`; `None`: no member.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn read_member(&self, room: RoomId, user: UserId) -> Result<Option<MemberDetails>, Error> {
        let Some(row) = members::find(self.db().conn(), room, user).await? else { return Ok(None) };
        let profile = self.full_profiles(&[user]).await?.remove(&user);
        Ok(profile.map(|user| MemberDetails { user, role: members::role(&row) }))
    }

    /// The members of `room` after `after`, by user id, at most `limit` (capped at 500).
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn members_after(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: u16,
    ) -> Result<Vec<MemberDetails>, Error> {
        let size = PageSize::capped(limit);
        let rows = members::page(self.db().conn(), room, after.map(UserId::uuid), size).await?;
        let ids: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
        let mut people = self.full_profiles(&ids).await?;
        let details = rows.iter().filter_map(|row| {
            let user = people.remove(&UserId::from_uuid(row.user_id))?;
            Some(MemberDetails { user, role: members::role(row) })
        });
        Ok(details.collect())
    }

    /// A message, also one that a filter keeps: then its `seq` is 0, or a shadow's. `None`: there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn message_for_plugin(&self, id: MessageId) -> Result<Option<Spoken>, Error> {
        if let Some(row) = messages::find(self.db().conn(), id).await? {
            return Ok(self.spoken(RoomId::from_uuid(row.room_id), vec![row]).await?.pop());
        }
        let Some(row) = held::find(self.db().conn(), id).await? else { return Ok(None) };
        let (room, user) = (RoomId::from_uuid(row.room_id), UserId::from_uuid(row.sender_id));
        let hops = u8::try_from(row.hops).unwrap_or(u8::MAX);
        let signed = self.accounts().profiles(&[user]).await?.remove(&user);
        let signed = signed.unwrap_or_else(|| crate::history::unknown_person(user));
        let Some(message) = kept_message(row, signed) else { return Ok(None) };
        let member = self.read_member(room, user).await?;
        let sender = self.full_profiles(&[user]).await?.remove(&user);
        Ok(Some(Spoken { message, sender, role: member.map(|member| member.role), hops }))
    }

    /// The messages of `room` before `before` (`None`: the newest), newest first, at most `limit` (capped at 500).
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn history_before(
        &self,
        room: RoomId,
        before: Option<Seq>,
        limit: u16,
    ) -> Result<Vec<Spoken>, Error> {
        let before = before.unwrap_or(Seq::MAX);
        let rows = messages::page_before(self.db().conn(), room, before, PageSize::capped(limit)).await?;
        self.spoken(room, rows).await
    }

    /// The log of `room` from `from` to `to`, both included, in order, at most 500 entries: what a batch committed. The
    /// rest begins after the last one's `seq`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn events_in(&self, room: RoomId, from: Seq, to: Seq) -> Result<Vec<(Seq, LogEntry)>, Error> {
        let after = Seq::new(from.get() - 1).unwrap_or_default();
        let rows = log::page_after(self.db().conn(), room, after, to, PageSize::capped(500)).await?;
        let mut wanted: Vec<message::Model> = Vec::new();
        let mut edited = Vec::new();
        for row in &rows {
            match row {
                log::LogRow::Message(row) => wanted.push(row.clone()),
                log::LogRow::Event(row) if row.kind == log::EventKind::Edited.number() => {
                    edited.extend(row.message_id);
                }
                log::LogRow::Event(_) => {}
            }
        }
        let here: Vec<_> = wanted.iter().map(|row| row.id).collect();
        edited.retain(|id| !here.contains(id));
        wanted.extend(messages::find_many(self.db().conn(), &edited).await?);
        let spoken: HashMap<MessageId, Spoken> =
            self.spoken(room, wanted).await?.into_iter().map(|one| (one.message.id, one)).collect();
        let entry = |event: ServerEvent| match event {
            ServerEvent::Msg(message) => {
                spoken.get(&message.id).cloned().map(|one| LogEntry::Posted(Box::new(one)))
            }
            ServerEvent::Edited(event) => {
                let message = spoken.get(&event.message).filter(|one| one.message.recalled_at.is_none());
                Some(LogEntry::Edited { message: message.cloned().map(Box::new), event: Box::new(event) })
            }
            other => Some(LogEntry::Other(Box::new(other))),
        };
        let events = self.events_of(rows).await?;
        Ok(events.into_iter().filter_map(|(seq, event)| Some((seq, entry(event)?))).collect())
    }

    async fn spoken(&self, room: RoomId, rows: Vec<message::Model>) -> Result<Vec<Spoken>, Error> {
        let hops: HashMap<_, u8> =
            rows.iter().map(|row| (row.id, u8::try_from(row.hops).unwrap_or(u8::MAX))).collect();
        let mut senders: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.sender_id)).collect();
        senders.sort_unstable();
        senders.dedup();
        let people = self.full_profiles(&senders).await?;
        let roles = members::roles_of(self.db().conn(), room, &senders).await?;
        let spoken = self.messages_of(rows).await?.into_iter().map(|message| Spoken {
            sender: people.get(&message.sender.id).cloned(),
            role: roles.get(&message.sender.id).copied(),
            hops: hops.get(&message.id.uuid()).copied().unwrap_or_default(),
            message,
        });
        Ok(spoken.collect())
    }
}
