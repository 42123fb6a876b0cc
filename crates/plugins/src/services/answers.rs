//! What plugins are answered when something was not done.

use std::time::Duration;

use teahouse_plugin_host::wit::Error;

pub(crate) fn invalid(why: &str) -> Error {
    Error::Invalid(why.to_owned())
}

pub(crate) fn rate_limited(wait: Duration) -> Error {
    Error::RateLimited(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1))
}

/// The cause stays in the log: a plugin learns nothing of the database.
pub(crate) fn unavailable(error: &teahouse_store::Error) -> Error {
    tracing::warn!(%error, "a plugin's request met a database that did not answer");
    Error::Unavailable("the server can't do this at the moment".to_owned())
}

/// What the conversation refused, in the interface's words. What a plugin may not see and what is not there are the
/// same.
pub(crate) fn refused(error: &teahouse_chat::Error) -> Error {
    use teahouse_chat::Error as Chat;
    if let Some(wait) = error.retry_after() {
        return match error {
            Chat::RateLimited { .. } => rate_limited(wait),
            _ => Error::Unavailable(error.to_string()),
        };
    }
    match error {
        Chat::RoomNotFound | Chat::MessageNotFound | Chat::UserNotFound | Chat::NotAMember => Error::NotFound,
        Chat::Field(field) => Error::Invalid(field.to_string()),
        Chat::Conflict(_) => Error::Conflict,
        Chat::Store(error) => unavailable(error),
        other => Error::Invalid(other.to_string()),
    }
}

/// Something of ours failed.
pub(crate) fn failed(error: &crate::Error) -> Error {
    match error {
        crate::Error::Store(error) => unavailable(error),
        crate::Error::Chat(error) => refused(error),
        other => {
            tracing::warn!(error = %other, "a plugin's request failed");
            Error::Unavailable("the server can't do this at the moment".to_owned())
        }
    }
}
