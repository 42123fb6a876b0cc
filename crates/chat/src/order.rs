//! Keeping order for the house: what admins of the server and plugins may do in any room, each act in the audit log.

use std::time::Duration;

use serde_json::json;
use teahouse_protocol::{MessageId, Role, RoomId, RoomKind, UserId};
use teahouse_store::messages;
use teahouse_store::writer::{ChangeKind, MemberEdit};

use crate::authority::{Authority, Standing};
use crate::{Chat, Error, reason};

impl Chat {
    /// Takes back anybody's message; one that a filter keeps is refused.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`] for a moderator whom the sender does
    /// not stand below; as [`Chat::refuse`] for one that is kept; [`Error::Store`].
    pub async fn remove(&self, authority: &Authority, id: MessageId, reason: &str) -> Result<(), Error> {
        let Some(row) = messages::find(self.db().conn(), id).await? else {
            return self.refuse(authority, id, reason).await;
        };
        let (room, sender) = (RoomId::from_uuid(row.room_id), UserId::from_uuid(row.sender_id));
        let standing = self.require_authority_over(authority, room).await?;
        if let Standing::Moderator(moderator) = standing
            && let Some(state) = self.access().membership(room, sender, self.now()).await?
        {
            moderator.require_outranks(state.role)?;
        }
        let act = authority.act("message.removed", "message", &id, json!({ "room": room, "reason": reason }));
        let recall = ChangeKind::Recall { message: id };
        self.change_noting(room, authority.actor(), recall, Some(act)).await.map(drop)
    }

    /// Mutes a member for `length`; for no time at all, the member may write again. A plugin mutes simple members only.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::UserNotFound`] when `user` is no member there,
    /// [`Error::NotAllowed`] in a direct room and for who does not stand above them, [`Error::Store`].
    pub async fn mute_as(
        &self,
        authority: &Authority,
        room: RoomId,
        user: UserId,
        length: Duration,
        reason: &str,
    ) -> Result<(), Error> {
        let now = self.now();
        let facts = self.access().facts(room).await?.ok_or(Error::RoomNotFound)?;
        if facts.kind == RoomKind::Direct {
            return Err(Error::NotAllowed(reason::NO_MODERATORS_HERE));
        }
        let standing = self.require_authority(authority, room).await?;
        let state = self.access().membership(room, user, now).await?.ok_or(Error::UserNotFound)?;
        match standing {
            Standing::Admin => {}
            Standing::Plugin if state.role == Role::Member => {}
            Standing::Plugin => return Err(Error::NotAllowed(reason::ROLE_NOT_BELOW)),
            Standing::Moderator(moderator) => moderator.require_outranks(state.role)?,
        }
        let until = (!length.is_zero()).then(|| now + length);
        let action = if until.is_some() { "member.muted" } else { "member.unmuted" };
        let detail = json!({ "room": room, "until": until, "reason": reason });
        let act = authority.act(action, "user", &user, detail);
        let edit = MemberEdit { role: None, muted_until: Some(until) };
        let mute = ChangeKind::ChangeMember { user, edit };
        self.change_noting(room, authority.actor(), mute, Some(act)).await.map(drop)
    }
}
