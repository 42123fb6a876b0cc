//! The one way of a message: authorise → filters → durable → publish → fan out → ack.
//!
//! [`Chat::admit`] authorises; [`filters`](crate::filters) asks the plugins where one watches; then the message goes to
//! the batch writer, and [`publish`](crate::publish) takes it up after the commit. Both doors, socket and REST, enter
//! here. Where nothing watches, the way is [`Chat::accept`]: no wait, and no allocation but the message's own.

use std::collections::HashSet;
use std::sync::Arc;

use teahouse_accounts::Session;
use teahouse_protocol::{
    Ack, AckState, ClientId, Content, Draft, FieldError, Message, MessageId, Replaced, RoomId, RoomKind,
    Sender, Seq, ServerEvent, UserId,
};
use teahouse_store::audit::Act;
use teahouse_store::entity::room_event;
use teahouse_store::writer::{Append, Change, ChangeKind, Entry, FirstAck, NewMessage};
use tokio::sync::oneshot;

use crate::access::{Member, Reader};
use crate::connection::Core;
use crate::hooks::{CommandRefusal, Watched};
use crate::keeping::Kept;
use crate::repeats::fingerprint_of;
use crate::underway::{Finished, Turn, finished};
use crate::{Chat, Error, reason};

/// Who waits for an entry's outcome, and how they are told.
pub(crate) enum Ticket {
    /// A socket: its mailbox gets the ack.
    Socket(Arc<Core>, Noted),
    /// A message by REST.
    Sender(Session, oneshot::Sender<Result<Sent, Error>>, Noted),
    /// A change, by either door.
    Changer(oneshot::Sender<Result<Changed, Error>>),
}

/// What became of a message sent by REST.
pub(crate) enum Sent {
    New(Box<Message>, ReplacedNote),
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
    /// As everybody sees it; while it is held, as everybody would, with a `seq` of 0.
    pub message: Message,
    /// Whether one with this client id was there before: then it is that one.
    pub repeated: bool,
    /// Whether it is in the room, or waits for its moderators.
    pub state: AckState,
    /// What a filter made of it.
    pub replaced: Option<Box<Replaced>>,
}

impl SendOutcome {
    pub(crate) const fn sent(message: Message, replaced: ReplacedNote) -> Self {
        Self { message, repeated: false, state: AckState::Sent, replaced }
    }
}

/// What a filter made of a message, for its ack.
pub(crate) type ReplacedNote = Option<Box<Replaced>>;

/// What the filters leave with a message on its way to the writer.
#[derive(Default)]
pub(crate) struct Noted {
    /// For its sender.
    pub(crate) replaced: ReplacedNote,
    /// Whether its room's moderators have something to look at once it is there.
    pub(crate) is_flagged: bool,
    /// Kept until the message is in the log, so that a second one with its client id finds it there.
    pub(crate) turn: Option<Turn>,
}

/// A message on its way, whose sender may send it.
pub(crate) struct Admitted {
    pub(crate) member: Member,
    pub(crate) message: NewMessage,
}

/// What became of a message that went past the filters.
pub(crate) enum Passed {
    /// It is with the writer: the ticket is answered.
    Appended,
    /// A filter keeps it from the room.
    Kept(Box<Kept>),
    /// It was sent before.
    Repeated(FirstAck, ReplacedNote),
}

impl Chat {
    /// Whether `session` may say this now. Costs them one of the messages that they may send.
    pub(crate) fn admit(&self, reader: Reader, session: &Session, draft: &Draft) -> Result<Member, Error> {
        let user = session.user_id();
        let member = reader.require_member(user)?.require_writer(self.now())?;
        self.count_act(user)?;
        // A conversation of two is no bot's room: one that is in it reads what is said there as it is.
        if member.room.kind != RoomKind::Direct {
            self.check_command(&member, &draft.content)?;
        }
        Ok(member)
    }

    /// As [`Chat::admit`], also for an answer to another message.
    pub(crate) async fn admit_answer(
        &self,
        reader: Result<Reader, Error>,
        session: &Session,
        draft: &Draft,
    ) -> Result<Member, Error> {
        let member = self.admit(reader?, session, draft)?;
        if let Some(message) = draft.reply_to {
            Box::pin(self.require_answerable(member.room.id, session.user_id(), message)).await?;
        }
        Ok(member)
    }

    /// Takes a message that no filter watches: from here on it is answered by way of `ticket`.
    pub(crate) fn accept(
        &self,
        member: Member,
        session: &Session,
        draft: Draft,
        ticket: Ticket,
    ) -> Result<(), Error> {
        let admitted = self.admitted(member, session, draft, 0);
        self.append(Entry::Message(admitted.message), ticket)
    }

    /// Takes a message from a socket past the filters, and answers what they stop.
    pub(crate) fn accept_watched(
        &self,
        member: Member,
        core: Arc<Core>,
        draft: Draft,
    ) -> Finished<Result<(), Error>> {
        let chat = self.clone();
        finished(async move {
            let id = draft.client_id.clone();
            let admitted = chat.admitted(member, core.session(), draft, 0);
            let socket = Arc::clone(&core);
            let ticket = move |noted| Ticket::Socket(socket, noted);
            let ack = match chat.filter(core.session(), admitted, Some(core.id()), ticket).await? {
                Passed::Appended => return Ok(()),
                Passed::Kept(kept) => kept.ack(),
                Passed::Repeated(first, replaced) => ack_of(id, first, replaced),
            };
            core.mailbox().send(&ServerEvent::Ack(ack));
            Ok(())
        })
    }

    fn admitted(&self, member: Member, session: &Session, draft: Draft, hops: u8) -> Admitted {
        // Asked for by bots alone, of what may be a command.
        let locale = session.locale().filter(|_| may_be_a_command(&draft.content)).cloned();
        let message = NewMessage {
            id: MessageId::generate(),
            room: member.room.id,
            sender: session.user_id(),
            fingerprint: fingerprint_of(&draft),
            client_id: draft.client_id,
            content: draft.content,
            reply_to: draft.reply_to,
            mentions: each_once(draft.mentions),
            at: self.now(),
            hops,
            locale,
            replaced: None,
            is_heard: false,
        };
        Admitted { member, message }
    }

    /// A text that begins with a stroke may name a command; whether the member may use it is asked before anything is
    /// written, so that a refusal is an answer and not a silence.
    fn check_command(&self, member: &Member, content: &Content) -> Result<(), Error> {
        let (Some(hooks), Content::Text(text)) = (self.hooks(), content) else { return Ok(()) };
        if !may_be_a_command(content) {
            return Ok(());
        }
        hooks.command(member.room.id, member.state.role, text).map_err(|refusal| match refusal {
            CommandRefusal::RoleTooLow => Error::NotAllowed(reason::COMMAND_NEEDS_ROLE),
            CommandRefusal::Arguments(usage) => Error::Field(FieldError::new("content", usage)),
        })
    }

    /// Sends a message to `room`, and waits until it is durable: in the room's log, or held for its moderators.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`] in a channel, [`Error::Muted`],
    /// [`Error::RateLimited`], [`Error::Rejected`], [`Error::Field`] for a command that is used wrongly and for an answer
    /// to no message of the room, [`Error::ClientIdTaken`], [`Error::Busy`], [`Error::Store`]. A message that was sent
    /// before is none of these, whatever became of its sender's rights.
    pub async fn send(&self, caller: &Session, room: RoomId, draft: Draft) -> Result<SendOutcome, Error> {
        let reader = self.access().require_reader(caller, room, self.now()).await;
        self.send_with(caller, reader, room, draft, 0).await
    }

    /// As [`Chat::send`], for who was looked at before.
    pub(crate) async fn send_with(
        &self,
        caller: &Session,
        reader: Result<Reader, Error>,
        room: RoomId,
        draft: Draft,
        hops: u8,
    ) -> Result<SendOutcome, Error> {
        let watched = self.watches(room, draft.content.kind(), Watched::Message);
        let member = match self.admit_answer(reader, caller, &draft).await {
            Ok(member) => member,
            Err(refusal) => return Box::pin(self.outcome_before(refusal, caller, room, &draft)).await,
        };
        let admitted = self.admitted(member, caller, draft, hops);
        let (tell, told) = oneshot::channel();
        let sender = caller.clone();
        let ticket = move |noted| Ticket::Sender(sender, tell, noted);
        let passed = if watched {
            let (chat, session) = (self.clone(), caller.clone());
            finished(async move { chat.filter(&session, admitted, None, ticket).await }).await?
        } else {
            self.append(Entry::Message(admitted.message), ticket(Noted::default()))?;
            Passed::Appended
        };
        let first = match passed {
            Passed::Kept(kept) => return Ok(kept.outcome()),
            Passed::Repeated(first, _) => first,
            Passed::Appended => match told.await.map_err(|_| Error::Busy)?? {
                Sent::New(message, replaced) => return Ok(SendOutcome::sent(*message, replaced)),
                Sent::Repeated(first) => first,
            },
        };
        self.repeated_outcome(caller, first).await
    }

    /// Makes a change in `room`'s log and waits until it is durable. Rights were checked by the caller.
    pub(crate) async fn change(
        &self,
        room: RoomId,
        actor: UserId,
        kind: ChangeKind,
    ) -> Result<Changed, Error> {
        self.change_noting(room, actor, kind, None).await
    }

    /// As [`Chat::change`], with a line in the audit log that is written in the same transaction.
    pub(crate) async fn change_noting(
        &self,
        room: RoomId,
        actor: UserId,
        kind: ChangeKind,
        audit: Option<Act<'static>>,
    ) -> Result<Changed, Error> {
        let audit = audit.map(Box::new);
        let (tell, told) = oneshot::channel();
        let change = Change { room, actor, at: self.now(), kind, audit, is_heard: false };
        self.append(Entry::Change(change), Ticket::Changer(tell))?;
        told.await.map_err(|_| Error::Busy)?
    }

    pub(crate) fn append(&self, mut entry: Entry, ticket: Ticket) -> Result<(), Error> {
        entry.set_heard(self.is_heard(&entry));
        self.writer().ok_or(Error::Busy)?.try_append(Append { entry, ticket }).map_err(|_| Error::Busy)
    }
}

/// Whether a text begins like a command, as `Command::split` of plugins' packages reads one.
fn may_be_a_command(content: &Content) -> bool {
    matches!(content, Content::Text(text) if text.trim_start().starts_with(['/', '／']))
}

/// Those who are meant, each once, in the order in which they were named. They are few.
pub(crate) fn each_once(mut users: Vec<UserId>) -> Vec<UserId> {
    let mut seen = HashSet::with_capacity(users.len());
    users.retain(|user| seen.insert(*user));
    users
}

/// The ack of a message that was sent before.
pub(crate) fn ack_of(id: Option<ClientId>, first: FirstAck, replaced: ReplacedNote) -> Ack {
    Ack { id, message: first.message, state: AckState::Sent, seq: Some(first.seq), at: first.at, replaced }
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
        replaced: None,
        cut: false,
    }
}
