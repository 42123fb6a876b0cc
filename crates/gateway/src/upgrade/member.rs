//! The life of a socket whose caller is known.

use std::sync::Arc;
use std::time::Duration;

use teahouse_accounts::{Accounts, Session as Caller};
use teahouse_chat::{Connection, Dialect, Handled, Mailbox, MailboxLimits};
use teahouse_protocol::{ClientFrame, CloseCode, Join, MAX_RESUME, RoomId, ServerEvent};

use super::doors::Inner;
use super::stranger::{self, Farewell};
use crate::dialect::{self, Echo};
use crate::listener::{Life, Upgraded};
use crate::session::{Conversation, Rules, Session};

/// A connection of the conversation, and the session that its use keeps alive.
pub(super) struct Member {
    connection: Connection,
    accounts: Accounts,
    caller: Caller,
    lobby: RoomId,
    rules: Arc<Rules>,
    /// Whether the client has said what it wants to hear.
    has_chosen: bool,
}

impl Conversation for Member {
    fn handle(&mut self, frame: ClientFrame) -> Handled {
        let from_tutorial = !self.has_chosen && is_from_tutorial(&frame);
        self.has_chosen |= from_tutorial || matches!(frame, ClientFrame::Join(_) | ClientFrame::Listen(_));
        let handled = self.connection.handle(frame);
        if from_tutorial { self.also_hear_the_lobby(handled) } else { handled }
    }

    fn admit(&self) -> Result<(), Duration> {
        self.rules.frames_of_user.admit(&self.caller.user_id())
    }

    fn used(&mut self) {
        self.accounts.touch(&self.caller);
    }
}

impl Member {
    /// A tutorial's client at `/ws` knows no rooms: it hears the one that it spoke in.
    fn also_hear_the_lobby(&mut self, said: Handled) -> Handled {
        match (said, self.connection.handle(join(self.lobby))) {
            (Handled::Done, joining) => joining,
            (Handled::Later(said), Handled::Later(joining)) => Handled::Later(Box::pin(async move {
                said.await?;
                joining.await
            })),
            (said, _) => said,
        }
    }
}

/// Whether the frame is as the tutorials teach them: what is said has neither an id nor a room.
fn is_from_tutorial(frame: &ClientFrame) -> bool {
    matches!(frame, ClientFrame::Msg(draft) if draft.room.is_none() && draft.client_id.is_none())
}

/// Hear a room from now on.
const fn join(room: RoomId) -> ClientFrame {
    ClientFrame::Join(Join { room, since: None, limit: MAX_RESUME })
}

/// Says hello, and talks until the connection ends.
pub(super) fn life(gateway: &Arc<Inner>, caller: Caller, dialect: Dialect, upgraded: Upgraded) -> Life {
    let mailbox = mailbox(gateway, dialect);
    let connection = match gateway.chat.connect(caller.clone(), mailbox.clone()) {
        Ok(connection) => connection,
        Err(error) => {
            let farewell = Farewell::new(error.code(), CloseCode::GoingAway, "server is going away");
            return stranger::life(gateway, farewell, dialect, upgraded);
        }
    };
    let hello = connection.hello();
    let lobby = hello.lobby;
    mailbox.send(&ServerEvent::Hello(hello));
    let echo = (dialect == Dialect::WaferRoom)
        .then(|| Box::new(Echo::new(caller.user().avatar, gateway.rules.metrics.clone())));
    let session_id = caller.id();
    let hears_the_lobby = dialect::hears_the_lobby(dialect);
    let accounts = gateway.accounts.clone();
    let rules = gateway.rules.clone();
    let member = Member { connection, accounts, caller, lobby, rules, has_chosen: hears_the_lobby };
    let session = Session::new(upgraded, mailbox.clone(), Some(member), echo, gateway.rules.clone());
    if !hears_the_lobby {
        return Box::pin(session);
    }
    let session = session.begin_with(join(lobby));
    if dialect != Dialect::WaferRoom {
        return Box::pin(session);
    }
    let place = gateway.replaced.take_place(session_id, &mailbox);
    Box::pin(async move {
        session.await;
        drop(place);
    })
}

/// An empty mailbox for a connection of this dialect.
pub(super) fn mailbox(gateway: &Inner, dialect: Dialect) -> Arc<Mailbox> {
    let config = &gateway.rules.config;
    let limits = MailboxLimits { frames: config.outgoing_frames, bytes: config.outgoing_bytes };
    Mailbox::new(dialect, gateway.encoder.clone(), limits)
}
