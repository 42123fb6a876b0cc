//! One socket a session, for the wafer room's client: it connects anew before its old socket is gone, and would show
//! everything twice.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use teahouse_chat::Mailbox;
use teahouse_protocol::{CloseCode, SessionId};

/// The socket of each such session.
#[derive(Clone, Default)]
pub(super) struct Replaced(Arc<Mutex<HashMap<SessionId, Arc<Mailbox>>>>);

/// A socket's place; dropping it frees it, unless a newer socket has taken it.
pub(super) struct Place {
    places: Replaced,
    session: SessionId,
    mailbox: Arc<Mailbox>,
}

impl Replaced {
    /// Takes the session's place, and closes the socket that had it.
    pub(super) fn take_place(&self, session: SessionId, mailbox: &Arc<Mailbox>) -> Place {
        if let Some(older) = self.0.lock().insert(session, mailbox.clone()) {
            older.close(CloseCode::SignedInElsewhere, "replaced by a newer socket");
        }
        Place { places: self.clone(), session, mailbox: mailbox.clone() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.0.lock();
        if places.get(&self.session).is_some_and(|mailbox| Arc::ptr_eq(mailbox, &self.mailbox)) {
            places.remove(&self.session);
        }
    }
}
