//! What is said, and a room's log of it.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use teahouse_accounts::Accounts;
use teahouse_chat::{Chat, Window};
use teahouse_protocol::{AckState, FieldError, Message, MessageId, RoomId, Seq};

use super::{Tag, page};
use crate::answer::{Done, Edited, Made, Reply, Sent};
use crate::body::Body;
use crate::door::Caller;
use crate::once::Once;
use crate::page::{Cursor, Limit};
use crate::problem::{BODY, IDEMPOTENT, PARAMETERS, Problem, Refused, SIGNED_IN, refusals};
use crate::shapes::{
    EditMessage, Emoji, EventPage, HeldMessage, IdempotencyKey, MessagePage, PressButton, Pressed, PutEmoji,
    ReactorPage, SendMessage,
};

refusals! {
    Press: SIGNED_IN, PARAMETERS, BODY, &[
        MessageNotFound, RoomNotFound, NotAMember, Conflict, IdempotencyConflict,
    ];
    ListMessages: SIGNED_IN, PARAMETERS, &[RoomNotFound];
    ListEvents: SIGNED_IN, PARAMETERS, &[RoomNotFound];
    PostMessage: SIGNED_IN, PARAMETERS, BODY, IDEMPOTENT, &[
        RoomNotFound, NotAMember, NotAllowed, Muted, Rejected,
    ];
    GetMessage: SIGNED_IN, PARAMETERS, &[MessageNotFound];
    ChangeMessage: SIGNED_IN, PARAMETERS, BODY, &[
        MessageNotFound, NotAMember, NotAllowed, Muted, Conflict, Rejected,
    ];
    RecallMessage: SIGNED_IN, PARAMETERS, &[MessageNotFound, NotAMember, NotAllowed];
    ListReactors: SIGNED_IN, PARAMETERS, &[MessageNotFound];
    AddReaction: SIGNED_IN, PARAMETERS, &[MessageNotFound, NotAMember, NotAllowed, Muted, Conflict];
    RemoveReaction: SIGNED_IN, PARAMETERS, &[MessageNotFound, NotAMember, Conflict];
}

pub(crate) struct MessageOperations {
    pub(crate) accounts: Accounts,
    pub(crate) chat: Chat,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Messages")]
impl MessageOperations {
    /// Read a room's messages
    ///
    /// As they are now: edited, or recalled and marked so. At most one of `before`, `after` and `around` says which;
    /// without one it is the newest. Items are in order of `seq`.
    #[oai(path = "/rooms/:room/messages", method = "get", operation_id = "listMessages")]
    async fn messages(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// Those older than this `seq`, the newest of them.
        before: Query<Option<Seq>>,
        /// Those newer than this `seq`, the oldest of them.
        after: Query<Option<Seq>>,
        /// Those on both sides of this `seq`.
        around: Query<Option<Seq>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<MessagePage>, Refused<ListMessages>> {
        let window = window(before.0, after.0, around.0)?;
        let page = self.chat.history(caller.session(), room.0, window, limit.get()).await?;
        Ok(Reply::new(&page.into()))
    }

    /// Read a room's log
    ///
    /// The same frames as on the socket, without a gap: what fills a `gap`, and brings a client up to date.
    #[oai(path = "/rooms/:room/events", method = "get", operation_id = "listEvents")]
    async fn events(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// The last `seq` that is known; left out: from the first on.
        after: Query<Option<Seq>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<EventPage>, Refused<ListEvents>> {
        let after = after.0.unwrap_or(Seq::ZERO);
        let page = self.chat.events(caller.session(), room.0, after, limit.get()).await?;
        Ok(Reply::new(&page.into()))
    }

    /// Send a message
    ///
    /// 201 once it is durable; 200 with the first message where its `client_id` was sent before; 202 where a filter
    /// holds it for the room's moderators. A filter may also change what it says: the answer is what everybody sees.
    #[oai(path = "/rooms/:room/messages", method = "post", operation_id = "sendMessage")]
    async fn send(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// The same key with the same body gives the first answer again; `client_id` does so too, and also across
        /// REST and the socket.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<IdempotencyKey>>,
        body: Body<SendMessage>,
    ) -> Result<Sent, Refused<PostMessage>> {
        let draft = body.value.into_draft(room.0).map_err(Problem::field)?;
        let path = format!("/v1/rooms/{}/messages", room.0);
        let once = Once::new(&self.accounts, &caller, key.0, &path, &body.bytes);
        let (chat, sender) = (self.chat.clone(), caller.session().clone());
        let made = once.answer(async move {
            let sent = chat.send(&sender, room.0, draft).await?;
            Ok(match sent.state {
                AckState::Held => Made::kept_back(&HeldMessage::from(sent.message)),
                AckState::Sent if sent.repeated => Made::there(&sent.message),
                AckState::Sent => Made::made(&sent.message),
            })
        });
        Ok(Sent(made.await?))
    }

    /// Get a message
    ///
    /// As it is now.
    #[oai(path = "/messages/:message", method = "get", operation_id = "getMessage")]
    async fn message(
        &self,
        caller: Caller,
        message: Path<MessageId>,
    ) -> Result<Reply<Message>, Refused<GetMessage>> {
        Ok(Reply::new(&self.chat.message(caller.session(), message.0).await?))
    }

    /// Edit a message
    ///
    /// Its kind stays, and who is meant unless `mentions` says so; the answer is the message as it is now. 202 where a
    /// filter holds the edit for the room's moderators: until they decide, the message stays as it was. For its sender.
    #[oai(path = "/messages/:message", method = "put", operation_id = "editMessage")]
    async fn edit(
        &self,
        caller: Caller,
        message: Path<MessageId>,
        mut body: Body<EditMessage>,
    ) -> Result<Edited, Refused<ChangeMessage>> {
        let mentions = body.value.mentions().map_err(Problem::field)?;
        let content = body.value.content.json();
        let edited = self.chat.edit_mentioning(caller.session(), message.0, content, mentions).await?;
        Ok(Edited(match edited.state {
            AckState::Sent => Reply::new(&edited.message),
            AckState::Held => Reply::kept_back(&HeldMessage::from(edited.message)),
        }))
    }

    /// Recall a message
    ///
    /// Its place stays, its content goes. For its sender, and for those of the room's owner and
    /// admins who outrank them.
    #[oai(path = "/messages/:message", method = "delete", operation_id = "recallMessage")]
    async fn recall(&self, caller: Caller, message: Path<MessageId>) -> Result<Done, Refused<RecallMessage>> {
        self.chat.recall(caller.session(), message.0).await?;
        Ok(Done)
    }

    /// List who put an emoji
    ///
    /// By user id. How many put each, and whether I am among them, stands with the message.
    #[oai(path = "/messages/:message/reactions/:emoji", method = "get", operation_id = "listReactors")]
    async fn reactors(
        &self,
        caller: Caller,
        message: Path<MessageId>,
        emoji: Path<PutEmoji>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<ReactorPage>, Refused<ListReactors>> {
        let page = page(cursor.0, limit.0);
        let reactors = self.chat.reactors(caller.session(), message.0, &emoji.value, page).await?;
        Ok(Reply::new(&reactors.into()))
    }

    /// Put an emoji to a message
    ///
    /// Doing it twice is doing it once. Of those that the room allows, at most 20 kinds a message; for those who may
    /// write there, and in a channel that allows it for its readers.
    #[oai(path = "/messages/:message/reactions/:emoji", method = "put", operation_id = "addReaction")]
    async fn react(
        &self,
        caller: Caller,
        message: Path<MessageId>,
        emoji: Path<Emoji>,
    ) -> Result<Done, Refused<AddReaction>> {
        self.chat.react(caller.session(), message.0, emoji.value).await?;
        Ok(Done)
    }

    /// Take an emoji away
    ///
    /// One that I put there.
    #[oai(path = "/messages/:message/reactions/:emoji", method = "delete", operation_id = "removeReaction")]
    async fn unreact(
        &self,
        caller: Caller,
        message: Path<MessageId>,
        emoji: Path<PutEmoji>,
    ) -> Result<Done, Refused<RemoveReaction>> {
        self.chat.unreact(caller.session(), message.0, &emoji.value).await?;
        Ok(Done)
    }

    /// Press a button of a card
    ///
    /// Its bot gets the press at least once, with the button's value as the card has it.
    #[oai(path = "/messages/:message/press", method = "post", operation_id = "pressButton")]
    async fn press(
        &self,
        caller: Caller,
        message: Path<MessageId>,
        body: Body<PressButton>,
    ) -> Result<Reply<Pressed>, Refused<Press>> {
        let PressButton { button, client_id } = body.value;
        let at = self.chat.press(caller.session(), message.0, &button.value, client_id).await?;
        Ok(Reply::new(&Pressed::new(at)))
    }
}

fn window(before: Option<Seq>, after: Option<Seq>, around: Option<Seq>) -> Result<Window, Problem> {
    let twice = |field| Problem::field(FieldError::new(field, "give one of `before`, `after` and `around`"));
    match (before, after, around) {
        (None, None, None) => Ok(Window::Newest),
        (Some(seq), None, None) => Ok(Window::Before(seq)),
        (None, Some(seq), None) => Ok(Window::After(seq)),
        (None, None, Some(seq)) => Ok(Window::Around(seq)),
        (Some(_), Some(_), _) => Err(twice("after")),
        _ => Err(twice("around")),
    }
}
