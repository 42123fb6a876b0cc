//! What can go wrong with who someone is. `api`, `gateway` and `chat` match on it, or take its code.

use std::time::Duration;

use teahouse_protocol::{ErrorCode, FieldError};
use teahouse_wechat::decrypt::DecryptError;

use crate::NameRefusal;

/// Something about an account was refused or failed. Its text is fit for a stranger's eyes.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The session ended, or never was.
    #[error("the session has ended")]
    SessionExpired,
    /// The caller has no such session.
    #[error("no such session")]
    SessionNotFound,
    /// The user is banned from the server.
    #[error("banned")]
    Banned,
    /// Nobody is behind this user any more.
    #[error("deactivated")]
    Deactivated,
    /// Guests are not let in here.
    #[error("guests are not allowed here")]
    GuestsNotAllowed,
    /// The API key is unknown or was revoked.
    #[error("the API key is wrong")]
    ApiKeyInvalid,
    /// The API key is right, but is for something else.
    #[error("this API key is not for that: see `teahouse token key --help`")]
    KeyScope,
    /// There is no key of this id.
    #[error("no such API key")]
    ApiKeyNotFound,
    /// No such user.
    #[error("no such user")]
    UserNotFound,
    /// No admin has this login.
    #[error("no such admin")]
    AdminNotFound,
    /// The login is taken.
    #[error("an admin with this login exists")]
    AdminExists,
    /// The set-up link was used, has expired, or never was.
    #[error("the set-up link can't be used (any more)")]
    SetupLinkInvalid,
    /// The name was not taken; another may be.
    #[error("the name was refused by {}: {}", .0.by, .0.reason)]
    NameRejected(Box<NameRefusal>),
    /// There was no time to look at a name.
    #[error("the server is busy: try again in a moment")]
    Busy,
    /// A field breaks its rule.
    #[error(transparent)]
    InvalidField(#[from] FieldError),
    /// Too many sign-ins.
    #[error("too many sign-ins")]
    RateLimited {
        /// When one more will be let in.
        retry_after: Duration,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyConflict,
    /// The request with this idempotency key is still being worked on.
    #[error("the request with this idempotency key is not done yet")]
    RequestInProgress,
    /// No app with this id is configured.
    #[error("this mini-program is not configured here")]
    WechatAppUnknown,
    /// WeChat does not know the login code, or it is too old.
    #[error("WeChat does not know the login code")]
    WechatCodeInvalid,
    /// The login code was used before.
    #[error("the login code was used before")]
    WechatCodeUsed,
    /// WeChat refuses this person.
    #[error("WeChat refuses this person")]
    WechatUserBlocked,
    /// `signature` does not fit `raw_data` and the session key.
    #[error("the signature does not fit the data")]
    WechatSignatureMismatch,
    /// `encrypted_data` or `iv` is damaged, foreign or too old.
    #[error("the encrypted data can't be accepted")]
    WechatDataInvalid(#[source] DecryptError),
    /// The data was made under a session key that is not the one we hold, or we hold none any more.
    #[error("the WeChat session has changed")]
    WechatSessionLost,
    /// WeChat is slow, down, busy, or answers nonsense.
    #[error("WeChat is not available")]
    WechatUnavailable(#[source] teahouse_wechat::Error),
    /// WeChat refuses our own credentials.
    #[error("WeChat refuses the server's credentials")]
    WechatMisconfigured(#[source] teahouse_wechat::Error),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] teahouse_store::Error),
    /// A fault of ours.
    #[error("something went wrong on our side: {0}")]
    Internal(&'static str),
}

impl Error {
    /// The stable word that a client sees.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::SessionExpired => ErrorCode::SessionExpired,
            Self::SessionNotFound => ErrorCode::SessionNotFound,
            Self::Banned | Self::Deactivated => ErrorCode::Banned,
            Self::GuestsNotAllowed => ErrorCode::GuestsNotAllowed,
            Self::ApiKeyInvalid => ErrorCode::ApiKeyInvalid,
            Self::KeyScope => ErrorCode::NotAllowed,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::ApiKeyNotFound | Self::AdminNotFound | Self::SetupLinkInvalid => ErrorCode::NotFound,
            Self::AdminExists | Self::RequestInProgress => ErrorCode::Conflict,
            Self::NameRejected(_) => ErrorCode::Rejected,
            Self::Busy => ErrorCode::Unavailable,
            Self::InvalidField(_) => ErrorCode::InvalidField,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::IdempotencyConflict => ErrorCode::IdempotencyConflict,
            Self::WechatAppUnknown => ErrorCode::WechatAppUnknown,
            Self::WechatCodeInvalid => ErrorCode::WechatCodeInvalid,
            Self::WechatCodeUsed => ErrorCode::WechatCodeUsed,
            Self::WechatUserBlocked => ErrorCode::WechatUserBlocked,
            Self::WechatSignatureMismatch => ErrorCode::WechatSignatureMismatch,
            Self::WechatDataInvalid(_) => ErrorCode::WechatDataInvalid,
            Self::WechatSessionLost => ErrorCode::WechatSessionLost,
            Self::WechatUnavailable(_) => ErrorCode::WechatUnavailable,
            Self::WechatMisconfigured(_) => ErrorCode::WechatMisconfigured,
            Self::Store(error) => error.code(),
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// When a repeat makes sense, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Busy => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// The field that broke its rule, where it was one.
    #[must_use]
    pub fn field(&self) -> Option<&FieldError> {
        match self {
            Self::InvalidField(field) => Some(field),
            _ => None,
        }
    }
}
