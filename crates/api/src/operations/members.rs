//! Who is in a room, and what they may do there.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use teahouse_chat::{self as chat, Chat};
use teahouse_protocol::{RoomId, UserId};

use super::{Tag, page};
use crate::answer::{Done, Placed, Reply};
use crate::body::OptionalBody;
use crate::door::Caller;
use crate::page::{Cursor, Limit};
use crate::problem::{BODY, PARAMETERS, Refused, SIGNED_IN, refusals};
use crate::shapes::{BanPage, Member, MemberPage, PutMember};

refusals! {
    ListMembers: SIGNED_IN, PARAMETERS, &[RoomNotFound, NotAMember];
    ChangeMember: SIGNED_IN, PARAMETERS, BODY, &[
        RoomNotFound, UserNotFound, NotAMember, NotAllowed, Conflict, QuotaReached,
    ];
    KickMember: SIGNED_IN, PARAMETERS, &[RoomNotFound, UserNotFound, NotAMember, NotAllowed];
    ListBans: SIGNED_IN, PARAMETERS, &[RoomNotFound, NotAMember, NotAllowed];
    BanUser: SIGNED_IN, PARAMETERS, &[RoomNotFound, UserNotFound, NotAMember, NotAllowed];
    UnbanUser: SIGNED_IN, PARAMETERS, &[RoomNotFound, NotAMember, NotAllowed];
}

pub(crate) struct MemberOperations {
    pub(crate) chat: Chat,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Members")]
impl MemberOperations {
    /// List members
    ///
    /// Who is in the room.
    #[oai(path = "/rooms/:room/members", method = "get", operation_id = "listMembers")]
    async fn members(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<MemberPage>, Refused<ListMembers>> {
        let members = self.chat.members(caller.session(), room.0, page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&members.into()))
    }

    /// Invite, mute, or give a role
    ///
    /// Who is no member yet is invited: 202 with the invitation, which they accept or refuse; nothing changes where one
    /// waits already. A bot, somebody who asks to come in, and a user of the business that I am a user of, is a member at
    /// once. Members of a group invite, in a channel its owner and admins do; these mute whom they outrank; the owner gives
    /// roles.
    #[oai(path = "/rooms/:room/members/:user", method = "put", operation_id = "putMember")]
    async fn put_member(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        user: Path<UserId>,
        body: OptionalBody<PutMember>,
    ) -> Result<Placed, Refused<ChangeMember>> {
        let placed = self.chat.put_member(caller.session(), room.0, user.0, body.0.into()).await?;
        Ok(Placed(match placed {
            chat::Placed::Member(member) => Reply::new(&Member::from(member)),
            chat::Placed::Invited(invitation) => Reply::asked(&invitation.into()),
        }))
    }

    /// Put a member out
    ///
    /// They may come back, if the room is public or somebody invites them. Of who is invited it takes the invitation back;
    /// so may whoever sent it.
    #[oai(path = "/rooms/:room/members/:user", method = "delete", operation_id = "kickMember")]
    async fn kick(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        user: Path<UserId>,
    ) -> Result<Done, Refused<KickMember>> {
        self.chat.remove_member(caller.session(), room.0, user.0, false).await?;
        Ok(Done)
    }

    /// List bans
    ///
    /// Who may not come into the room. For its owner and admins.
    #[oai(path = "/rooms/:room/bans", method = "get", operation_id = "listBans")]
    async fn bans(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<BanPage>, Refused<ListBans>> {
        let bans = self.chat.bans(caller.session(), room.0, page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&bans.into()))
    }

    /// Ban somebody
    ///
    /// Puts them out, and they may not come back until the ban is lifted.
    #[oai(path = "/rooms/:room/bans/:user", method = "put", operation_id = "banUser")]
    async fn ban(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        user: Path<UserId>,
    ) -> Result<Done, Refused<BanUser>> {
        self.chat.remove_member(caller.session(), room.0, user.0, true).await?;
        Ok(Done)
    }

    /// Lift a ban
    ///
    /// They may come back, and are not brought back.
    #[oai(path = "/rooms/:room/bans/:user", method = "delete", operation_id = "unbanUser")]
    async fn unban(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        user: Path<UserId>,
    ) -> Result<Done, Refused<UnbanUser>> {
        self.chat.unban(caller.session(), room.0, user.0).await?;
        Ok(Done)
    }
}
