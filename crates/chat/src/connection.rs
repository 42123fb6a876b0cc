//! One connection: a session that listens and speaks. Frames come in here from the gateway; what it gets goes into its
//! mailbox.

mod core;
mod join;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use teahouse_protocol::{ClientFrame, Draft, Hello, RoomId, ServerEvent};

pub(crate) use self::core::{Core, Seat, Seating};
pub(crate) use self::join::follow;
use crate::edits::Edit;
use crate::hooks::Watched;
use crate::pipeline::{Noted, Ticket};
use crate::{Chat, Error};

/// What became of a frame.
pub enum Handled {
    /// Done, or on its way: the answer is or will be in the mailbox.
    Done,
    /// Refused.
    Refused(Error),
    /// It needs the database: poll this, and hand over no further frame before it is ready.
    Later(Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>),
}

impl From<Result<(), Error>> for Handled {
    fn from(result: Result<(), Error>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(error) => Self::Refused(error),
        }
    }
}

/// A session on one socket. Dropped, it listens to nothing any more.
pub struct Connection {
    chat: Chat,
    core: Arc<Core>,
}

impl Connection {
    pub(crate) const fn new(chat: Chat, core: Arc<Core>) -> Self {
        Self { chat, core }
    }

    /// The first event of the connection.
    #[must_use]
    pub fn hello(&self) -> Hello {
        Hello {
            session: self.core.session_id(),
            user: self.core.session().user(),
            server_time: self.chat.now(),
            heartbeat_s: self.chat.config().heartbeat_s,
            lobby: self.chat.lobby(),
            limits: self.chat.limits().told(),
        }
    }

    /// Carries out one frame. Answers come through the mailbox; only a refusal is returned.
    pub fn handle(&mut self, frame: ClientFrame) -> Handled {
        match frame {
            ClientFrame::Msg(draft) => self.msg(draft),
            ClientFrame::Ping { id } => self.answer(&ServerEvent::Pong { id }),
            ClientFrame::Leave { room } => {
                self.leave(room);
                self.answer(&ServerEvent::Left { room })
            }
            ClientFrame::Join(join) => {
                self.later(|chat, core| async move { join::join(&chat, &core, join).await })
            }
            ClientFrame::Listen(listen) => {
                self.later(|chat, core| async move { join::listen(&chat, &core, listen).await })
            }
            ClientFrame::Edit { id, message, content, mentions } => {
                self.edit(Edit::Content { message, json: content, mentions }, id)
            }
            ClientFrame::Recall { id, message } => self.edit(Edit::Recall { message }, id),
            ClientFrame::React { id, message, emoji } => self.edit(Edit::React { message, emoji }, id),
            ClientFrame::Unreact { id, message, forms } => self.edit(Edit::Unreact { message, forms }, id),
            ClientFrame::Press { id, message, button } => self
                .later(move |chat, core| async move { chat.press_from(&core, message, &button, id).await }),
            ClientFrame::Read { room, seq } => {
                self.later(move |chat, core| async move { chat.read_from(&core, room, seq).await })
            }
            ClientFrame::Typing { room } => self.typing(room),
            ClientFrame::Presence { users } => {
                self.later(|chat, core| async move { chat.watch_presence(&core, &users).await })
            }
        }
    }

    /// The hot path: no allocation but the message's own, and no wait. Only a room that this connection has not
    /// joined, or whose facts an event made stale, an answer to another message, and a refusal cost a look into the
    /// database.
    fn msg(&mut self, draft: Draft) -> Handled {
        let room = draft.room.or_else(|| self.core.current_room()).unwrap_or_else(|| self.chat.lobby());
        let known = self.core.seat(room).and_then(|seat| seat.reader());
        let watched = self.chat.watches(room, draft.content.kind(), Watched::Message);
        let (Some(reader), None) = (known, draft.reply_to) else {
            return self.later(move |chat, core| accept_after_looks(chat, core, room, draft));
        };
        match reader.and_then(|reader| self.chat.admit(reader, self.core.session(), &draft)) {
            // What comes next on this connection waits for the filters, so that its order stays; others don't.
            Ok(member) if watched => self.later(move |chat, core| chat.accept_watched(member, core, draft)),
            Ok(member) => {
                let ticket = Ticket::Socket(Arc::clone(&self.core), Noted::default());
                self.chat.accept(member, self.core.session(), draft, ticket).into()
            }
            Err(refusal) if draft.client_id.is_some() => {
                self.later(move |chat, core| async move { refuse(&chat, &core, refusal, room, &draft).await })
            }
            Err(refusal) => Handled::Refused(refusal),
        }
    }

    fn edit(&self, edit: Edit, id: Option<teahouse_protocol::ClientId>) -> Handled {
        self.later(|chat, core| async move { chat.edit_from(&core, edit, id).await })
    }

    fn leave(&self, room: RoomId) {
        if let Some(seat) = self.core.remove_seat(room) {
            self.chat.hub().stop_listening(&seat.room, &self.core);
        }
    }

    fn typing(&self, room: RoomId) -> Handled {
        let Some(seat) = self.core.seat(room) else { return Handled::Refused(Error::NotAMember) };
        let user = self.core.user_id();
        if let Err(error) = self.chat.paces().signal(user, 1) {
            return Handled::Refused(error);
        }
        if !self.chat.paces().may_type(user, room, self.chat.now()) {
            return Handled::Done;
        }
        self.later(move |chat, core| async move {
            let reader = chat.access().require_live_reader(&seat, core.user_id(), chat.now()).await?;
            reader.require_member(core.user_id())?.require_writer(chat.now())?;
            let event = ServerEvent::Typing { room, user: core.user_id() };
            chat.pass(room, event, Some(core.id())).await;
            Ok(())
        })
    }

    fn answer(&self, event: &ServerEvent) -> Handled {
        self.core.mailbox().send(event);
        Handled::Done
    }

    fn later<F>(&self, work: impl FnOnce(Chat, Arc<Core>) -> F) -> Handled
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        Handled::Later(Box::pin(work(self.chat.clone(), Arc::clone(&self.core))))
    }
}

/// Takes a message of which something must be looked up first: the room, or the message that it answers.
async fn accept_after_looks(chat: Chat, core: Arc<Core>, room: RoomId, draft: Draft) -> Result<(), Error> {
    let visit = Visit { seat: chat.seat(&core, room), chat: &chat };
    let reader = chat.access().require_live_reader(&visit.seat, core.user_id(), chat.now()).await;
    let member = match chat.admit_answer(reader, core.session(), &draft).await {
        Ok(member) => member,
        Err(refusal) => return refuse(&chat, &core, refusal, room, &draft).await,
    };
    if chat.watches(room, draft.content.kind(), Watched::Message) {
        return chat.accept_watched(member, Arc::clone(&core), draft).await;
    }
    chat.accept(member, core.session(), draft, Ticket::Socket(Arc::clone(&core), Noted::default()))
}

/// Refuses a message, unless it was accepted before: then its ack is repeated.
async fn refuse(chat: &Chat, core: &Core, refusal: Error, room: RoomId, draft: &Draft) -> Result<(), Error> {
    let ack = chat.ack_before(refusal, core.user_id(), room, draft).await?;
    core.mailbox().send(&ServerEvent::Ack(ack));
    Ok(())
}

/// A look into a room that the connection may not listen to. However it ends, also when the connection is gone in the
/// middle of it, the hub need not keep the room for its sake.
struct Visit<'a> {
    seat: Seat,
    chat: &'a Chat,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.chat.hub().release(self.seat.room.id());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.chat.disconnect(&self.core);
    }
}
