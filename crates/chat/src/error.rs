//! What the conversation refuses, and why. `Display` is fit for a stranger's eyes; causes stay in `source()`.

use std::time::Duration;

use teahouse_protocol::{ErrorCode, FieldError, Timestamp};

use crate::{Reason, Refusal};

/// Why something was not done. The doors match on [`Error::code`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such room, or it is hidden from the caller.
    #[error("no such room, or it is hidden from you")]
    RoomNotFound,
    /// No such message, or it is in a room hidden from the caller.
    #[error("no such message, or it is hidden from you")]
    MessageNotFound,
    /// No such user.
    #[error("no such user")]
    UserNotFound,
    /// The room can be seen, but only members may do this.
    #[error("only members of this room may do this: join it first")]
    NotAMember,
    /// The caller may not do this; the text says who may.
    #[error("{0}")]
    NotAllowed(Reason),
    /// The caller may not write for a while.
    #[error("you are muted until {until}")]
    Muted {
        /// Until when.
        until: Timestamp,
    },
    /// The caller may not come into this room.
    #[error("you are banned from this room")]
    Banned,
    /// A filter refused it.
    #[error("refused by {}: {}", .0.by, .0.reason)]
    Rejected(Box<Refusal>),
    /// Whoever runs the room decides; the caller hears of it by a notice.
    #[error("the room's moderators decide about this: wait for their answer")]
    ApprovalRequired,
    /// Too much in too short a time.
    #[error("too fast: wait {} ms", retry_after.as_millis())]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// So many are enough for now; the text says of what.
    #[error("{what}")]
    QuotaReached {
        /// Of what.
        what: Reason,
        /// When to try again.
        retry_after: Duration,
    },
    /// A field says what it must not.
    #[error("{0}")]
    Field(FieldError),
    /// Something else was sent under this client id before.
    #[error("this client id was used for something else")]
    ClientIdTaken,
    /// The thing is in a state that does not allow this; the text says what to do first.
    #[error("{0}")]
    Conflict(Reason),
    /// Too much waits to be written, or the server is going away.
    #[error("the server is busy: try again in a moment")]
    Busy,
    /// Sign-in and profiles.
    #[error(transparent)]
    Accounts(#[from] teahouse_accounts::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] teahouse_store::Error),
}

impl Error {
    /// The stable word for this.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::RoomNotFound => ErrorCode::RoomNotFound,
            Self::MessageNotFound => ErrorCode::MessageNotFound,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::NotAMember => ErrorCode::NotAMember,
            Self::NotAllowed(_) => ErrorCode::NotAllowed,
            Self::Muted { .. } => ErrorCode::Muted,
            Self::Banned => ErrorCode::Banned,
            Self::Rejected(_) => ErrorCode::Rejected,
            Self::ApprovalRequired => ErrorCode::ApprovalRequired,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::QuotaReached { .. } => ErrorCode::QuotaReached,
            Self::Field(_) => ErrorCode::InvalidField,
            Self::ClientIdTaken => ErrorCode::IdempotencyConflict,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::Busy => ErrorCode::Unavailable,
            Self::Accounts(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// Whether a message that is refused so now may have been accepted before.
    pub(crate) const fn may_have_come_since(&self) -> bool {
        !matches!(self, Self::Busy | Self::ClientIdTaken | Self::Accounts(_) | Self::Store(_))
    }

    /// In Chinese, where this tells a person more than its code does.
    #[must_use]
    pub fn detail_zh(&self) -> Option<String> {
        match self {
            Self::NotAllowed(reason) | Self::Conflict(reason) | Self::QuotaReached { what: reason, .. } => {
                Some(reason.zh.to_owned())
            }
            Self::Muted { until } => Some(format!("你已被禁言至 {until}")),
            _ => None,
        }
    }

    /// When to try again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::QuotaReached { retry_after, .. } => Some(*retry_after),
            Self::Busy => Some(Duration::from_secs(1)),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Which filter refused it and why, where one did.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Rejected(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The offending field, where there is one.
    #[must_use]
    pub fn field(&self) -> Option<&FieldError> {
        match self {
            Self::Field(error) => Some(error),
            _ => None,
        }
    }
}
