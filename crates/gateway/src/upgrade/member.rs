//! The life of a socket whose caller is known.

use std::sync::Arc;

use teahouse_accounts::{Accounts, Session as Caller};
use teahouse_chat::{Connection, Dialect, Handled, Mailbox, MailboxLimits};
use teahouse_protocol::{ClientFrame, CloseCode, Join, MAX_RESUME, ServerEvent};

use super::doors::Inner;
use super::stranger::{self, Farewell};
use crate::dialect::{self, Echo};
use crate::listener::{Life, Upgraded};
use crate::session::{Conversation, Session};

/// A connection of the conversation, and the session that its use keeps alive.
pub(super) struct Member {
    connection: Connection,
    accounts: Accounts,
    caller: Caller,
}

impl Conversation for Member {
    fn handle(&mut self, frame: ClientFrame) -> Handled {
        self.connection.handle(frame)
    }

    fn used(&mut self) {
        self.accounts.touch(&self.caller);
    }
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
    let member = Member { connection, accounts: gateway.accounts.clone(), caller };
    let session = Session::new(upgraded, mailbox.clone(), Some(member), echo, gateway.rules.clone());
    if !dialect::hears_the_lobby(dialect) {
        return Box::pin(session);
    }
    let session = session.begin_with(ClientFrame::Join(Join { room: lobby, since: None, limit: MAX_RESUME }));
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
