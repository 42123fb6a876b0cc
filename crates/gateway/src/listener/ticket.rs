//! How a handler that answers 101 gets the stream afterwards.

use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Sockets, Wire};

/// A connection after its upgrade.
pub(crate) struct Upgraded {
    pub(crate) stream: Wire,
    /// What the client sent behind its request without waiting for the answer.
    pub(crate) leftover: Vec<u8>,
    /// Where the socket enters itself, so that a shutdown finds it.
    pub(crate) sockets: Arc<Sockets>,
}

/// The life of a socket.
pub(crate) type Life = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What to do with the stream once the 101 is written. Dropped where it never is.
pub(crate) type Ticket = Box<dyn FnOnce(Upgraded) -> Life + Send>;

/// Stands in the extensions of every request. Whoever answers 101 leaves a ticket here.
#[derive(Clone, Default)]
pub(crate) struct UpgradeSlot(Arc<Mutex<Option<Ticket>>>);

impl UpgradeSlot {
    pub(crate) fn leave(&self, ticket: Ticket) {
        *self.0.lock() = Some(ticket);
    }

    pub(super) fn take(&self) -> Option<Ticket> {
        self.0.lock().take()
    }
}
