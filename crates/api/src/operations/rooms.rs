//! Where people talk.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use teahouse_protocol::RoomId;

use super::{Tag, page};
use crate::answer::{Created, Done, Made, Reply};
use crate::body::{Body, OptionalBody};
use crate::door::Caller;
use crate::once::Once;
use crate::page::{Cursor, Limit};
use crate::problem::{BODY, IDEMPOTENT, PARAMETERS, Refused, SIGNED_IN, refusals};
use crate::shapes::{
    AskToJoin, CommandList, CreateRoom, IdempotencyKey, Member, OpenDirect, PublicRoomPage, ReadUpTo, Room,
    RoomPage, UpdateRoom,
};

refusals! {
    ListRooms: SIGNED_IN, PARAMETERS;
    ListPublicRooms: SIGNED_IN, PARAMETERS;
    MakeRoom: SIGNED_IN, BODY, IDEMPOTENT, &[UserNotFound, NotAllowed, Rejected, QuotaReached];
    OpenDirectRoom: SIGNED_IN, BODY, IDEMPOTENT, &[UserNotFound, Conflict, QuotaReached];
    GetRoom: SIGNED_IN, PARAMETERS, &[RoomNotFound];
    ChangeRoom: SIGNED_IN, PARAMETERS, BODY, &[RoomNotFound, NotAMember, NotAllowed, Rejected];
    DeleteRoom: SIGNED_IN, PARAMETERS, &[RoomNotFound, NotAMember, NotAllowed, Conflict];
    JoinRoom: SIGNED_IN, PARAMETERS, BODY, &[RoomNotFound, Rejected, ApprovalRequired];
    LeaveRoom: SIGNED_IN, PARAMETERS, &[RoomNotFound, NotAMember, Conflict];
    ListCommands: SIGNED_IN, PARAMETERS, &[RoomNotFound, NotAMember];
    MarkRead: SIGNED_IN, PARAMETERS, BODY, &[RoomNotFound, NotAMember];
}

pub(crate) struct RoomOperations {
    pub(crate) accounts: Accounts,
    pub(crate) chat: Chat,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Rooms")]
impl RoomOperations {
    /// List my rooms
    ///
    /// The rooms that I am a member of, each with what I have not read and its newest message.
    #[oai(path = "/rooms", method = "get", operation_id = "listRooms")]
    async fn rooms(
        &self,
        caller: Caller,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<RoomPage>, Refused<ListRooms>> {
        let rooms = self.chat.rooms(caller.session(), page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&rooms.into()))
    }

    /// List public rooms
    ///
    /// The rooms that anyone may join.
    #[oai(path = "/rooms/public", method = "get", operation_id = "listPublicRooms")]
    async fn public_rooms(
        &self,
        caller: Caller,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<PublicRoomPage>, Refused<ListPublicRooms>> {
        let rooms = self.chat.public_rooms(caller.session(), page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&rooms.into()))
    }

    /// Make a room
    ///
    /// A group, where every member writes, or a channel, where owner and admins do. I become its owner. A user makes so many
    /// rooms in a day (`quota_reached`).
    #[oai(path = "/rooms", method = "post", operation_id = "createRoom")]
    async fn create(
        &self,
        caller: Caller,
        /// The same key with the same body makes no second room.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<IdempotencyKey>>,
        body: Body<CreateRoom>,
    ) -> Result<Created<Room>, Refused<MakeRoom>> {
        let once = Once::new(&self.accounts, &caller, key.0, "/v1/rooms", &body.bytes);
        let (chat, maker) = (self.chat.clone(), caller.session().clone());
        let made = once.answer(async move {
            let room = chat.create_room(&maker, body.value.into()).await?;
            Ok(Created::new(&Room::from(room)))
        });
        Ok(made.await?)
    }

    /// Talk to somebody
    ///
    /// The room of the two of us: there is one for each pair, and it is made when it is first asked for. A user begins so
    /// many with strangers in a day (`quota_reached`).
    #[oai(path = "/directs", method = "post", operation_id = "openDirect")]
    async fn direct(
        &self,
        caller: Caller,
        /// The same key with the same body gives the first answer again.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<IdempotencyKey>>,
        body: Body<OpenDirect>,
    ) -> Result<Made<Room>, Refused<OpenDirectRoom>> {
        let once = Once::new(&self.accounts, &caller, key.0, "/v1/directs", &body.bytes);
        let (chat, one) = (self.chat.clone(), caller.session().clone());
        let made = once.answer(async move {
            let (room, created) = chat.open_direct(&one, body.value.user).await?;
            let room = Room::from(room);
            Ok(if created { Made::made(&room) } else { Made::there(&room) })
        });
        Ok(made.await?)
    }

    /// Get a room
    ///
    /// A room of mine, or a public one.
    #[oai(path = "/rooms/:room", method = "get", operation_id = "getRoom")]
    async fn room(&self, caller: Caller, room: Path<RoomId>) -> Result<Reply<Room>, Refused<GetRoom>> {
        let room = self.chat.room(caller.session(), room.0).await?;
        Ok(Reply::new(&room.into()))
    }

    /// Change a room
    ///
    /// Name and announcement, for its owner and admins; visibility, for its owner. What is left out stays.
    #[oai(path = "/rooms/:room", method = "patch", operation_id = "updateRoom")]
    async fn update(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        body: OptionalBody<UpdateRoom>,
    ) -> Result<Reply<Room>, Refused<ChangeRoom>> {
        let room = self.chat.update_room(caller.session(), room.0, body.0.into()).await?;
        Ok(Reply::new(&room.into()))
    }

    /// Delete a room
    ///
    /// For everybody. For its owner; the lobby stays.
    #[oai(path = "/rooms/:room", method = "delete", operation_id = "deleteRoom")]
    async fn delete(&self, caller: Caller, room: Path<RoomId>) -> Result<Done, Refused<DeleteRoom>> {
        self.chat.delete_room(caller.session(), room.0).await?;
        Ok(Done)
    }

    /// Join a room
    ///
    /// A public room; into a private one its owner or an admin invites. Joining twice is joining once. Where a plugin
    /// leaves it to the room's moderators the answer is 403 `approval_required`, and theirs comes as a `notice`.
    #[oai(path = "/rooms/:room/join", method = "post", operation_id = "joinRoom")]
    async fn join(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        body: OptionalBody<AskToJoin>,
    ) -> Result<Reply<Member>, Refused<JoinRoom>> {
        let member = self.chat.ask_to_join(caller.session(), room.0, &body.0.word).await?;
        Ok(Reply::new(&member.into()))
    }

    /// Leave a room
    ///
    /// The last one to leave takes the room along; an owner makes another member the owner first. The lobby and direct
    /// rooms can't be left.
    #[oai(path = "/rooms/:room/leave", method = "post", operation_id = "leaveRoom")]
    async fn leave(&self, caller: Caller, room: Path<RoomId>) -> Result<Done, Refused<LeaveRoom>> {
        self.chat.leave(caller.session(), room.0).await?;
        Ok(Done)
    }

    /// List commands
    ///
    /// Those of the room's bots that I may use there. A message `/name …` is one; whoever writes it sees it said.
    #[oai(path = "/rooms/:room/commands", method = "get", operation_id = "listCommands")]
    async fn commands(
        &self,
        caller: Caller,
        room: Path<RoomId>,
    ) -> Result<Reply<CommandList>, Refused<ListCommands>> {
        let commands = self.chat.commands(caller.session(), room.0).await?;
        Ok(Reply::new(&commands.into()))
    }

    /// Say how far I have read
    ///
    /// Others get a `receipt`. Going back is ignored.
    #[oai(path = "/rooms/:room/read", method = "post", operation_id = "markRead")]
    async fn read(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        body: Body<ReadUpTo>,
    ) -> Result<Done, Refused<MarkRead>> {
        self.chat.read(caller.session(), room.0, body.value.seq).await?;
        Ok(Done)
    }
}
