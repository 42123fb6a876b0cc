//! The HTTP status of each error code. One code has one status, everywhere.

use poem::http::StatusCode;
use teahouse_protocol::ErrorCode;

/// The HTTP status that goes with `code`.
#[must_use]
pub const fn status_of(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::BadJson | E::UnknownType | E::UnknownParameter | E::BinaryNotSupported => StatusCode::BAD_REQUEST,
        E::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        E::SessionRequired
        | E::SessionExpired
        | E::ApiKeyInvalid
        | E::WechatCodeInvalid
        | E::WechatCodeUsed => StatusCode::UNAUTHORIZED,
        E::NotAllowed
        | E::ApprovalRequired
        | E::NotAMember
        | E::Muted
        | E::Banned
        | E::GuestsNotAllowed
        | E::WechatUserBlocked => StatusCode::FORBIDDEN,
        E::PluginNotFound | E::PluginVersionNotFound => StatusCode::NOT_FOUND,
        E::NotFound | E::RoomNotFound | E::UserNotFound | E::MessageNotFound | E::SessionNotFound => {
            StatusCode::NOT_FOUND
        }
        E::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        // The phone's session key and the server's differ: only a new login brings them together again.
        E::Conflict | E::WechatSessionLost => StatusCode::CONFLICT,
        E::PluginNoEarlierVersion | E::PluginKeyChanged | E::PluginChanged | E::ConsentRequired => {
            StatusCode::CONFLICT
        }
        E::SignatureRequired => StatusCode::FORBIDDEN,
        E::PluginInvalid
        | E::PluginComponentRefused
        | E::PluginSettingsRefused
        | E::PluginPolicyRefused
        | E::PluginNotAsked => StatusCode::UNPROCESSABLE_ENTITY,
        E::BodyTooLarge | E::FrameTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        E::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        E::InvalidField
        | E::Rejected
        | E::IdempotencyConflict
        | E::WechatAppUnknown
        | E::WechatSignatureMismatch
        | E::WechatDataInvalid => StatusCode::UNPROCESSABLE_ENTITY,
        E::RateLimited | E::QuotaReached | E::TooManyConnections => StatusCode::TOO_MANY_REQUESTS,
        E::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        E::WechatMisconfigured => StatusCode::BAD_GATEWAY,
        E::Unavailable | E::WechatUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        E::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}
