//! The one way of a message: authorise → (filters' place) → durable → publish → fan out → ack.
//!
//! [`Chat::accept`] authorises and hands the message to the batch writer; [`publish`](crate::publish) takes it up after
//! the commit. Both doors, socket and REST, enter here. Filters will stand between the two, in `accept`: after the
//! rights are known, before anything is written.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use teahouse_accounts::Session;
use teahouse_protocol::{Content, Draft, FieldError, Message, MessageId, RoomId, Sender, Seq, UserId};
use teahouse_store::entity::room_event;
use teahouse_store::writer::{Append, Change, ChangeKind, Entry, FirstAck, NewMessage};
use tokio::sync::oneshot;

use crate::access::{Member, Reader};
use crate::config::ChatLimits;
use crate::connection::Core;
use crate::hooks::CommandRefusal;
use crate::{Chat, Error, reason};

/// Who waits for an entry's outcome, and how they are told.
pub(crate) enum Ticket {
    /// A socket: its mailbox gets the ack.
    Socket(Arc<Core>),
    /// A message by REST.
    Sender(Session, oneshot::Sender<Result<Sent, Error>>),
    /// A change, by either door.
    Changer(oneshot::Sender<Result<Changed, Error>>),
}

/// What became of a message sent by REST.
pub(crate) enum Sent {
    New(Box<Message>),
    Repeated(FirstAck),
}

/// What became of a change.
pub(crate) enum Changed {
    /// These are in the log.
    Logged(Vec<room_event::Model>),
    /// It was so before.
    Unchanged,
}

/// A message that was sent by REST.
#[derive(Clone, Debug, PartialEq)]
pub struct SendOutcome {
    /// As everybody sees it.
    pub message: Message,
    /// Whether one with this client id was there before: then it is that one.
    pub repeated: bool,
}

/// How fast users may send.
pub(crate) struct SendLimit(Option<DefaultKeyedRateLimiter<UserId>>);

impl SendLimit {
    pub(crate) fn new(limits: ChatLimits) -> Self {
        let quota = NonZeroU32::new(limits.messages_per_second).map(|rate| {
            Quota::per_second(rate).allow_burst(NonZeroU32::new(limits.message_burst).unwrap_or(rate))
        });
        Self(quota.map(RateLimiter::keyed))
    }

    pub(crate) fn check(&self, user: UserId) -> Result<(), Error> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(&user).map_err(|until| Error::RateLimited {
            retry_after: until.wait_time_from(DefaultClock::default().now()).max(Duration::from_millis(1)),
        })
    }

    /// Forgets users who have not sent for a while.
    pub(crate) fn sweep(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}

impl Chat {
    /// Takes a message from `reader`: from here on it is answered by way of `ticket`.
    pub(crate) fn accept(
        &self,
        reader: Reader,
        session: &Session,
        draft: Draft,
        ticket: Ticket,
    ) -> Result<(), Error> {
        let at = self.now();
        let user = session.user_id();
        let member = reader.require_member(user)?.require_writer(at)?;
        self.send_limit().check(user)?;
        self.check_command(&member, &draft.content)?;
        let message = NewMessage {
            id: MessageId::generate(),
            room: member.room.id,
            sender: user,
            client_id: draft.client_id,
            content: draft.content,
            reply_to: draft.reply_to,
            mentions: draft.mentions,
            at,
            hops: 0,
        };
        self.append(Entry::Message(message), ticket)
    }

    /// A text that begins with a stroke may name a command; whether the member may use it is asked before anything is
    /// written, so that a refusal is an answer and not a silence.
    fn check_command(&self, member: &Member, content: &Content) -> Result<(), Error> {
        let (Some(hooks), Content::Text(text)) = (self.hooks(), content) else { return Ok(()) };
        if !text.starts_with('/') {
            return Ok(());
        }
        hooks.command(member.room.id, member.state.role, text).map_err(|refusal| match refusal {
            CommandRefusal::RoleTooLow => Error::NotAllowed(reason::COMMAND_NEEDS_ROLE),
            CommandRefusal::Arguments(usage) => Error::Field(FieldError::new("content", usage)),
        })
    }

    /// Sends a message to `room`, and waits until it is durable.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`] in a channel, [`Error::Muted`],
    /// [`Error::RateLimited`], [`Error::Busy`], [`Error::Store`].
    pub async fn send(&self, caller: &Session, room: RoomId, draft: Draft) -> Result<SendOutcome, Error> {
        let reader = self.access().require_reader(caller, room, self.now()).await?;
        let (tell, told) = oneshot::channel();
        self.accept(reader, caller, draft, Ticket::Sender(caller.clone(), tell))?;
        match told.await.map_err(|_| Error::Busy)?? {
            Sent::New(message) => Ok(SendOutcome { message: *message, repeated: false }),
            Sent::Repeated(first) => {
                let message = self.message(caller, first.message).await?;
                Ok(SendOutcome { message, repeated: true })
            }
        }
    }

    /// Makes a change in `room`'s log and waits until it is durable. Rights were checked by the caller.
    pub(crate) async fn change(
        &self,
        room: RoomId,
        actor: UserId,
        kind: ChangeKind,
    ) -> Result<Changed, Error> {
        let (tell, told) = oneshot::channel();
        let change = Change { room, actor, at: self.now(), kind };
        self.append(Entry::Change(change), Ticket::Changer(tell))?;
        told.await.map_err(|_| Error::Busy)?
    }

    fn append(&self, entry: Entry, ticket: Ticket) -> Result<(), Error> {
        self.writer().ok_or(Error::Busy)?.try_append(Append { entry, ticket }).map_err(|_| Error::Busy)
    }
}

/// The message as everybody sees it.
pub(crate) fn published(new: NewMessage, seq: Seq, sender: Sender) -> Message {
    let kind = new.content.kind();
    let text = (kind != teahouse_protocol::Kind::Text).then(|| new.content.plain_text());
    Message {
        id: new.id,
        client_id: new.client_id,
        room: new.room,
        seq,
        sender,
        kind,
        content: Some(new.content),
        text,
        reply_to: new.reply_to,
        mentions: new.mentions,
        reactions: Vec::new(),
        at: new.at,
        edited_at: None,
        recalled_at: None,
    }
}
