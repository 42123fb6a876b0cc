//! In which rooms a plugin works.

use std::collections::HashSet;

use teahouse_protocol::RoomId;

/// In which rooms a plugin works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoomSet {
    /// In all of them.
    All,
    /// In those that an admin chose.
    Chosen(HashSet<RoomId>),
}

impl RoomSet {
    /// Whether `room` is one of them.
    pub(crate) fn contains(&self, room: RoomId) -> bool {
        match self {
            Self::All => true,
            Self::Chosen(rooms) => rooms.contains(&room),
        }
    }
}
