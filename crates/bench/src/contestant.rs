//! The servers that are measured side by side: how each is started, and how its rooms are filled.

mod bare;
mod node;
mod provision;
mod teahouse;

pub(crate) use bare::Bare;
pub(crate) use node::{Node, version as node_version};
pub(crate) use teahouse::{History, Teahouse, version as teahouse_version};

use clap::ValueEnum;
use serde::Serialize;

use crate::{
    dialect::{Dialect, Seat},
    process::Server,
};

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Name {
    /// The tutorials' broadcast server on Node's ws package
    Node,
    /// The bare Rust broadcast loop
    Bare,
    /// Teahouse without history (a setting of the benchmark alone)
    NoHistory,
    /// Teahouse as it is: SQLite, outbox, acknowledged after the commit
    History,
    /// The same as `cargo run` gives it: the plugins that are enabled at the first start are at work
    Default,
}

impl Name {
    /// All, peers first.
    pub(crate) const ALL: [Self; 5] = [Self::Node, Self::Bare, Self::NoHistory, Self::History, Self::Default];

    /// For the printed table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Node => "Node ws",
            Self::Bare => "bare Rust loop",
            Self::NoHistory => "teahouse, no history",
            Self::History => "teahouse",
            Self::Default => "teahouse, plugins",
        }
    }

    /// Whether it is ours.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::NoHistory | Self::History | Self::Default)
    }
}

/// A server that can take part.
pub(crate) trait Contestant {
    /// Which it is.
    fn name(&self) -> Name;

    /// How it is spoken to.
    fn dialect(&self) -> Box<dyn Dialect>;

    /// Starts it. What an earlier process of this contestant has stored is there again.
    fn start(&mut self) -> anyhow::Result<Server>;

    /// Seats in `rooms` rooms of `members` each, room by room: signed in and members where the server knows such
    /// things. A person keeps the seat's number in every arrangement, so that nobody is signed in twice.
    fn seats(&mut self, server: &Server, rooms: usize, members: usize) -> anyhow::Result<Vec<Seat>>;
}

/// Seats for servers that know rooms by query only.
fn seats_by_number(rooms: usize, members: usize) -> Vec<Seat> {
    (0..rooms * members)
        .map(|at| Seat { token: String::new(), room: Some((at / members).to_string()) })
        .collect()
}

/// Signs in and seats `rooms` × `members` people at any server with our REST surface.
#[cfg(test)]
pub(crate) fn arrange(
    address: std::net::SocketAddr,
    rooms: usize,
    members: usize,
) -> anyhow::Result<Vec<Seat>> {
    let tokens = provision::guests(address, 0, rooms * members)?;
    provision::rooms(address, &tokens, members)
}
