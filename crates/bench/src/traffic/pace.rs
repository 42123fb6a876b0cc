//! When a sender sends again, and what it remembers of the messages it has under way.

use std::collections::VecDeque;

use serde::Serialize;

/// How senders go on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pace {
    /// Each sender keeps so many messages unacknowledged.
    Closed { in_flight: u32 },
    /// One message at a time in all rooms together: the next leaves once the last has reached everybody.
    /// A server that acknowledges before it has written to everybody gains nothing by that.
    Lockstep,
    /// So many messages each second whatever becomes of them, the senders taking turns.
    Open { messages_per_second: f64 },
}

/// One sender.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Where it sits.
    pub(crate) seat: usize,
    /// The number of its next message, which is also how many it has sent.
    pub(crate) next: u32,
    /// When the unacknowledged ones were sent, oldest first. Acknowledgements come in order or are counted as a
    /// fault, so that taking the oldest is right wherever the figure counts.
    under_way: VecDeque<u64>,
}

impl Sender {
    pub(crate) fn new(seat: usize) -> Self {
        Self { seat, next: 0, under_way: VecDeque::new() }
    }

    /// Books a message sent at `micros`; returns its number.
    pub(crate) fn sent(&mut self, micros: u64) -> u32 {
        self.under_way.push_back(micros);
        self.next += 1;
        self.next - 1
    }

    /// Books an acknowledgement; returns when its message was sent.
    pub(crate) fn acknowledged(&mut self) -> u64 {
        self.under_way.pop_front().unwrap_or_default()
    }
}
