//! What an event that is not a message tells, as it stands in `room_events`.

use serde::{Deserialize, Serialize};
use teahouse_protocol::{MemberChange, MessageId, Role, Timestamp, UserId, Visibility};

use crate::entity::room_event;
use crate::writer::Removal;

/// What an event of the log that is not a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A message was edited.
    Edited,
    /// A message was recalled.
    Recalled,
    /// A reaction was put or taken away.
    Reaction,
    /// A member came, went or changed.
    Member,
    /// The room itself changed.
    Room,
}

impl EventKind {
    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::Edited => 1,
            Self::Recalled => 2,
            Self::Reaction => 3,
            Self::Member => 4,
            Self::Room => 5,
        }
    }

    /// The kind with this number in the database.
    #[must_use]
    pub const fn from_number(number: i16) -> Option<Self> {
        match number {
            1 => Some(Self::Edited),
            2 => Some(Self::Recalled),
            3 => Some(Self::Reaction),
            4 => Some(Self::Member),
            5 => Some(Self::Room),
            _ => None,
        }
    }
}

/// What an event that is not a message tells, as it stands in `room_events`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A message was edited; what it says now stands in its own row.
    Edited(MessageId),
    /// A message was recalled.
    Recalled(MessageId),
    /// The actor put a reaction to a message, or took it away.
    Reaction(MessageId, ReactionDetail),
    /// A member came, went or changed.
    Member(MemberDetail),
    /// The room itself changed.
    Room(RoomDetail),
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionDetail {
    /// The emoji.
    pub emoji: String,
    /// Whether it was taken away.
    pub removed: bool,
    /// How many have put it by then; rows of before it was counted have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// What happened to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDetail {
    /// Who it happened to.
    pub user: UserId,
    /// What happened.
    pub change: MemberChange,
    /// What they are now.
    pub role: Option<Role>,
    /// Until when they may not write.
    pub muted_until: Option<Timestamp>,
}

impl MemberDetail {
    pub(crate) const fn joined(user: UserId, role: Role) -> Self {
        Self { user, change: MemberChange::Joined, role: Some(role), muted_until: None }
    }

    pub(crate) const fn removed(user: UserId, removal: Removal) -> Self {
        let change = match removal {
            Removal::Left => MemberChange::Left,
            Removal::Kicked => MemberChange::Kicked,
            Removal::Banned => MemberChange::Banned,
        };
        Self { user, change, role: None, muted_until: None }
    }

    pub(crate) const fn unbanned(user: UserId) -> Self {
        Self { user, change: MemberChange::Unbanned, role: None, muted_until: None }
    }
}

/// What changed of a room; absent: stayed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomDetail {
    /// Its name.
    pub name: Option<String>,
    /// Its announcement.
    pub announcement: Option<String>,
    /// Who may find it.
    pub visibility: Option<Visibility>,
    /// The emoji that may be put to its messages; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_reactions: Option<Vec<String>>,
    /// Whether members who only read may react.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers_may_react: Option<bool>,
    /// Whether it is gone.
    pub deleted: bool,
}

impl RoomDetail {
    pub(crate) fn deleted() -> Self {
        Self { deleted: true, ..Self::default() }
    }
}

impl Detail {
    pub(crate) const fn kind(&self) -> EventKind {
        match self {
            Self::Edited(_) => EventKind::Edited,
            Self::Recalled(_) => EventKind::Recalled,
            Self::Reaction(..) => EventKind::Reaction,
            Self::Member(_) => EventKind::Member,
            Self::Room(_) => EventKind::Room,
        }
    }

    pub(crate) const fn message(&self) -> Option<MessageId> {
        match self {
            Self::Edited(message) | Self::Recalled(message) | Self::Reaction(message, _) => Some(*message),
            Self::Member(_) | Self::Room(_) => None,
        }
    }

    pub(crate) fn to_stored(&self) -> String {
        let json = match self {
            Self::Edited(_) | Self::Recalled(_) => return String::new(),
            Self::Reaction(_, detail) => serde_json::to_string(detail),
            Self::Member(detail) => serde_json::to_string(detail),
            Self::Room(detail) => serde_json::to_string(detail),
        };
        json.unwrap_or_default()
    }

    /// Reads what stands in `row`; `None` when a newer version wrote something that this one does not know.
    #[must_use]
    pub fn from_row(row: &room_event::Model) -> Option<Self> {
        let message = row.message_id.map(MessageId::from_uuid);
        match EventKind::from_number(row.kind)? {
            EventKind::Edited => Some(Self::Edited(message?)),
            EventKind::Recalled => Some(Self::Recalled(message?)),
            EventKind::Reaction => Some(Self::Reaction(message?, serde_json::from_str(&row.detail).ok()?)),
            EventKind::Member => Some(Self::Member(serde_json::from_str(&row.detail).ok()?)),
            EventKind::Room => Some(Self::Room(serde_json::from_str(&row.detail).ok()?)),
        }
    }
}
