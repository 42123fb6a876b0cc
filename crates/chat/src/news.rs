//! What nodes tell each other: events of rooms' logs, and what passes without being kept.

use std::sync::Arc;

use teahouse_protocol::{RoomId, Seq, ServerEvent, UserId};

use crate::connection::Core;
use crate::hub::ConnectionId;

/// Something that the hub of every node hears.
#[derive(Clone)]
pub(crate) enum News {
    /// One transaction's events, each room's in the order of its log.
    Logged(Arc<Vec<Logged>>),
    /// Something for everybody who listens to a room now; it is not kept.
    Passing { room: RoomId, event: Arc<ServerEvent>, except: Option<ConnectionId> },
    /// Something for one user's connections.
    Personal { user: UserId, event: Arc<ServerEvent> },
    /// A message that only its sender sees: for their connections that listen to the room.
    Shadowed { room: RoomId, user: UserId, event: Arc<ServerEvent>, except: Option<ConnectionId> },
    /// Acks of messages that were there before: they stand after the events of the batch that they came in.
    Repeated(Arc<Vec<Origin>>),
    /// This node is going away: everything that it took has been published. For its own hub alone.
    Closing,
}

/// An event of a room's log.
pub(crate) struct Logged {
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
    pub(crate) event: ServerEvent,
    /// The connection that caused it, when it is on this node.
    pub(crate) origin: Option<Origin>,
}

/// The connection that caused an event, and its ack.
pub(crate) struct Origin {
    pub(crate) core: Arc<Core>,
    pub(crate) ack: ServerEvent,
}
