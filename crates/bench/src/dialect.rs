//! The wire of each kind of server behind one small trait, so that the load client is the same for all of them.

mod native;
mod raw;
mod returned;

pub(crate) use native::Native;
pub(crate) use raw::{ACK as RAW_ACK, Raw};
pub(crate) use returned::Returned;

use crate::stamp::Stamp;

/// Where a connection sits: whose it is, and in which room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seat {
    /// The session's token; empty for servers that know no sessions.
    pub(crate) token: String,
    /// The room as the server names it, or `None` to stay at the door: signed in, in no room.
    pub(crate) room: Option<String>,
}

/// What the client does next while it is on its way to its seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// More has to come from the server first.
    Wait,
    /// This has to be sent.
    Say(String),
    /// The seat is taken: measuring may begin.
    Seated,
    /// The server said no.
    Refused(String),
}

/// A text frame that came in while measuring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A measured message of somebody else.
    Message(Stamp),
    /// The answer to one's own message, and which one where the server says so.
    Ack(Option<u32>),
    /// An error in place of an acknowledgement.
    Refusal(String),
    /// Anything else: presence, notices, somebody's arrival.
    Other,
}

/// How one kind of server is spoken to.
pub(crate) trait Dialect {
    /// Path and query of the upgrade request.
    fn path(&self, seat: &Seat) -> String;

    /// What follows the upgrade.
    fn upgraded(&self, seat: &Seat) -> Step;

    /// What follows a text frame that arrives before the seat is taken.
    fn greeted(&self, seat: &Seat, payload: &[u8]) -> Step;

    /// Appends the payload of a message.
    fn write(&self, seat: &Seat, stamp: Stamp, out: &mut Vec<u8>);

    /// What a text frame is. Called once a delivery: no parsing beyond what the answer needs, no allocation.
    fn read(&mut self, payload: &[u8]) -> Incoming;
}
