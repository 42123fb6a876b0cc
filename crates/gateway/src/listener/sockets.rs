//! The sockets of one listener, so that a shutdown reaches them all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use teahouse_protocol::CloseCode;

use teahouse_chat::Mailbox;

/// Every open socket's mailbox.
#[derive(Default)]
pub(crate) struct Sockets(Mutex<Open>);

#[derive(Default)]
struct Open {
    mailboxes: HashMap<u64, Arc<Mailbox>>,
    next: u64,
    going_away: bool,
}

/// A socket's entry; dropping it takes it out.
pub(crate) struct SocketEntry {
    sockets: Arc<Sockets>,
    number: u64,
}

impl Sockets {
    /// Enters a socket; one that comes while the server stops is closed at once.
    pub(crate) fn enter(self: &Arc<Self>, mailbox: &Arc<Mailbox>) -> SocketEntry {
        let mut open = self.0.lock();
        if open.going_away {
            say_goodbye(mailbox);
        }
        let number = open.next;
        open.next += 1;
        open.mailboxes.insert(number, mailbox.clone());
        SocketEntry { sockets: self.clone(), number }
    }

    /// Closes every socket, now and from now on, after what waits for it.
    pub(super) fn close_all(&self) {
        let mailboxes: Vec<_> = {
            let mut open = self.0.lock();
            open.going_away = true;
            open.mailboxes.values().cloned().collect()
        };
        mailboxes.iter().for_each(say_goodbye);
    }
}

impl Drop for SocketEntry {
    fn drop(&mut self) {
        self.sockets.0.lock().mailboxes.remove(&self.number);
    }
}

fn say_goodbye(mailbox: &Arc<Mailbox>) {
    mailbox.close(CloseCode::GoingAway, "server is going away");
}
