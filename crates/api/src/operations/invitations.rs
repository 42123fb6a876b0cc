//! What somebody is invited into.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use teahouse_chat::Chat;
use teahouse_protocol::RoomId;

use super::{Tag, page};
use crate::answer::{Done, Reply};
use crate::door::Caller;
use crate::page::{Cursor, Limit};
use crate::problem::{PARAMETERS, Refused, SIGNED_IN, refusals};
use crate::shapes::{InvitationPage, Member};

refusals! {
    ListInvitations: SIGNED_IN, PARAMETERS;
    AnswerInvitation: SIGNED_IN, PARAMETERS, &[RoomNotFound];
}

pub(crate) struct InvitationOperations {
    pub(crate) chat: Chat,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Members")]
impl InvitationOperations {
    /// List my invitations
    ///
    /// The rooms that I am invited into: what they are called, and by whom. A `notice` of the kind `invited` tells of a
    /// new one.
    #[oai(path = "/invitations", method = "get", operation_id = "listInvitations")]
    async fn invitations(
        &self,
        caller: Caller,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<InvitationPage>, Refused<ListInvitations>> {
        let invitations = self.chat.invitations(caller.session(), page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&invitations.into()))
    }

    /// Accept an invitation
    ///
    /// I become a member of the room. Twice is once; 404 where no invitation waits any more.
    #[oai(path = "/invitations/:room/accept", method = "post", operation_id = "acceptInvitation")]
    async fn accept(
        &self,
        caller: Caller,
        room: Path<RoomId>,
    ) -> Result<Reply<Member>, Refused<AnswerInvitation>> {
        let member = self.chat.accept_invitation(caller.session(), room.0).await?;
        Ok(Reply::new(&member.into()))
    }

    /// Refuse an invitation
    ///
    /// Nobody is told, and nobody can invite me into that room for a week.
    #[oai(path = "/invitations/:room/refuse", method = "post", operation_id = "refuseInvitation")]
    async fn refuse(&self, caller: Caller, room: Path<RoomId>) -> Result<Done, Refused<AnswerInvitation>> {
        self.chat.refuse_invitation(caller.session(), room.0).await?;
        Ok(Done)
    }
}
