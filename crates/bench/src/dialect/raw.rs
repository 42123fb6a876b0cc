//! Raw text broadcast, as the tutorials' server does it: what comes in goes out to everybody else of the room.

use super::{Dialect, Incoming, Seat, Step};
use crate::stamp::{Prose, Stamp};

/// The answer of the bench's own peers to the sender of a message.
pub(crate) const ACK: &[u8] = b"ack";

/// Spoken by the Node and the bare server.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    stamp_at: usize,
}

impl Dialect for Raw {
    fn path(&self, seat: &Seat) -> String {
        format!("/?room={}", seat.room.as_deref().unwrap_or_default())
    }

    fn upgraded(&self, _seat: &Seat) -> Step {
        Step::Seated
    }

    fn greeted(&self, _seat: &Seat, _payload: &[u8]) -> Step {
        Step::Wait
    }

    fn write(&self, _seat: &Seat, stamp: Stamp, out: &mut Vec<u8>) {
        stamp.write(Prose::English, out);
    }

    fn read(&mut self, payload: &[u8]) -> Incoming {
        if payload == ACK {
            return Incoming::Ack(None);
        }
        Stamp::read(payload, &mut self.stamp_at).map_or(Incoming::Other, Incoming::Message)
    }
}
