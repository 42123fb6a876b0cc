//! What is measured: the situations, their sizes, and who takes part.

use clap::ValueEnum;
use serde::Serialize;

use crate::{contestant::Name, ledger::Layout, traffic::Pace};

/// Messages that a sender of a closed loop keeps unacknowledged.
const IN_FLIGHT: u32 = 8;
/// Deliveries a second of the fixed-rate scenarios.
const FIXED_RATE: f64 = 10_000.0;
/// Messages that each missed in the storm.
const MISSED: i64 = 20;
/// Members of a room in the idle and connecting scenarios.
pub(crate) const CROWD_ROOM: usize = 100;

/// A situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ValueEnum)]
pub(crate) enum Scenario {
    /// Closed loop, 1 room of 100 members
    #[value(name = "fanout-1x100")]
    #[serde(rename = "fanout-1x100")]
    OneRoom,
    /// Closed loop, 100 rooms of 10 members
    #[value(name = "fanout-100x10")]
    #[serde(rename = "fanout-100x10")]
    ManyRooms,
    /// Closed loop, 1 room of 1000 members
    #[value(name = "fanout-1x1000")]
    #[serde(rename = "fanout-1x1000")]
    BigRoom,
    /// One message in flight, 1 room of 100 members
    #[value(name = "lone-1x100")]
    #[serde(rename = "lone-1x100")]
    Lone,
    /// 10 000 deliveries a second, 1 room of 100 members
    #[value(name = "rate-1x100")]
    #[serde(rename = "rate-1x100")]
    RateOneRoom,
    /// 10 000 deliveries a second, 100 rooms of 10 members
    #[value(name = "rate-100x10")]
    #[serde(rename = "rate-100x10")]
    RateManyRooms,
    /// Durable sends: 64 senders, each alone in a room
    #[value(name = "durable")]
    #[serde(rename = "durable")]
    Durable,
    /// Durable sends: one sender, one message in flight
    #[value(name = "durable-lone")]
    #[serde(rename = "durable-lone")]
    DurableLone,
    /// Resident memory of idle connections
    #[value(name = "idle")]
    #[serde(rename = "idle")]
    Idle,
    /// Connects a second
    #[value(name = "connects")]
    #[serde(rename = "connects")]
    Connects,
    /// Connects and joins a second, over a million stored messages that nobody has read
    #[value(name = "joins")]
    #[serde(rename = "joins")]
    Joins,
    /// All come back at once, and catch up with what they missed
    #[value(name = "storm")]
    #[serde(rename = "storm")]
    Storm,
}

/// How a scenario is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Method {
    /// Messages flow.
    Flow(Layout, Pace),
    /// Connections are there.
    Idle,
    /// Connections come.
    Connects,
    /// Connections come back to rooms with a history.
    Returns {
        /// Events of their rooms that each missed, and gets.
        missed: i64,
    },
}

impl Scenario {
    /// All, in the order in which they run.
    pub(crate) const ALL: [Self; 12] = [
        Self::OneRoom,
        Self::ManyRooms,
        Self::BigRoom,
        Self::Lone,
        Self::RateOneRoom,
        Self::RateManyRooms,
        Self::Durable,
        Self::DurableLone,
        Self::Idle,
        Self::Connects,
        Self::Joins,
        Self::Storm,
    ];

    /// How it is measured.
    pub(crate) fn method(self) -> Method {
        let layout = |rooms, members, senders| Layout { rooms, members, senders };
        let closed = Pace::Closed { in_flight: IN_FLIGHT };
        let open = |layout: Layout| {
            Method::Flow(layout, Pace::Open { messages_per_second: FIXED_RATE / (layout.members - 1) as f64 })
        };
        match self {
            Self::OneRoom => Method::Flow(layout(1, 100, 8), closed),
            Self::ManyRooms => Method::Flow(layout(100, 10, 1), closed),
            Self::BigRoom => Method::Flow(layout(1, 1000, 8), closed),
            Self::Lone => Method::Flow(layout(1, 100, 1), Pace::Lockstep),
            Self::RateOneRoom => open(layout(1, 100, 8)),
            Self::RateManyRooms => open(layout(100, 10, 1)),
            Self::Durable => Method::Flow(layout(64, 1, 1), closed),
            Self::DurableLone => Method::Flow(layout(1, 1, 1), Pace::Closed { in_flight: 1 }),
            Self::Idle => Method::Idle,
            Self::Connects => Method::Connects,
            Self::Joins => Method::Returns { missed: 0 },
            Self::Storm => Method::Returns { missed: MISSED },
        }
    }

    /// Whether `name` has something to show here.
    pub(crate) fn concerns(self, name: Name) -> bool {
        match self {
            // Nobody else stores anything.
            Self::Durable | Self::DurableLone => matches!(name, Name::History | Name::Default),
            Self::Joins | Self::Storm => name == Name::History,
            // No message is sent, so that neither history nor plugins make a difference.
            Self::Idle | Self::Connects => !matches!(name, Name::NoHistory | Name::Default),
            _ => true,
        }
    }

    /// What it is, in a line.
    pub(crate) fn title(self) -> String {
        match self.method() {
            Method::Flow(layout, pace) => {
                let Layout { rooms, members, senders } = layout;
                let pace = match pace {
                    Pace::Closed { in_flight: 1 } => "1 message in flight".to_owned(),
                    Pace::Closed { in_flight } => {
                        format!("closed loop, {senders} sender(s) a room with {in_flight} in flight each")
                    }
                    Pace::Lockstep => "one message in flight, the next leaves when all have it".to_owned(),
                    Pace::Open { messages_per_second } => format!(
                        "fixed rate, {FIXED_RATE:.0} deliveries/s = {messages_per_second:.0} messages/s by {} senders",
                        layout.all_senders()
                    ),
                };
                let stored = if members == 1 { "durable sends, " } else { "" };
                format!("{stored}{rooms} × {members}: {pace}")
            }
            Method::Idle => {
                format!("idle connections, signed in and in rooms of {CROWD_ROOM}: resident memory each")
            }
            Method::Connects => "connects: signed in, up to `hello` (Node, bare: a plain upgrade)".to_owned(),
            Method::Returns { missed: 0 } => {
                format!("joins: signed in and in a room of {CROWD_ROOM}, whose history nobody has read")
            }
            Method::Returns { missed } => {
                format!(
                    "storm: all come back at once, each to a room of {CROWD_ROOM} where it missed {missed} messages"
                )
            }
        }
    }
}
