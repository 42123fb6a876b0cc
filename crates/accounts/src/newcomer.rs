//! Users who are seen for the first time.

use teahouse_protocol::{Timestamp, UserId};
use teahouse_store::entity::{identity, user};
use uuid::Uuid;

/// Where an identity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    /// A mini-program of WeChat's.
    Wechat,
    /// Nobody: a guest.
    Guest,
    /// The business that runs this server.
    External,
    /// Nobody: a plugin's bot, and the subject is the plugin's id.
    Plugin,
}

impl Provider {
    /// The word in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Wechat => "wechat",
            Self::Guest => "guest",
            Self::External => "external",
            Self::Plugin => "plugin",
        }
    }
}

/// A user who was never here.
pub(crate) fn new_user(
    name: String,
    avatar: Option<String>,
    provider: Provider,
    now: Timestamp,
) -> user::Model {
    user::Model {
        id: UserId::generate().uuid(),
        name,
        avatar,
        is_bot: provider == Provider::Plugin,
        is_guest: provider == Provider::Guest,
        created_at_ms: now.millis(),
        last_seen_at_ms: Some(now.millis()),
        banned_at_ms: None,
        banned_until_ms: None,
        ban_reason: None,
        ban_generation: None,
        deactivated_at_ms: None,
    }
}

/// Who `user` is at `provider`.
pub(crate) fn new_identity(
    user: Uuid,
    provider: Provider,
    app_id: &str,
    subject: &str,
    now: Timestamp,
) -> identity::Model {
    identity::Model {
        id: Uuid::now_v7(),
        user_id: user,
        provider: provider.as_str().to_owned(),
        app_id: app_id.to_owned(),
        subject: subject.to_owned(),
        unionid: None,
        session_key_sealed: None,
        session_key_at_ms: None,
        created_at_ms: now.millis(),
    }
}

/// A name for one who gave none, such as 游客1234.
pub(crate) fn numbered_name(word: &str) -> String {
    format!("{word}{}", rand::random_range(1000..=9999))
}
