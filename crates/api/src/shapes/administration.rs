//! API keys and users, as those who run the server see them.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use teahouse_accounts as accounts;
use teahouse_protocol::{ApiKeyId, DisplayName, SessionId, Timestamp, UserProfile};

use super::text::BanReason;
use crate::page::{Cursor, Next};

/// What a key may be used for.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum ApiKeyScope {
    /// Signing in a business's own users.
    #[default]
    Users,
    /// Administering the server.
    Admin,
}

/// A key to make.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct CreateApiKey {
    /// What it is called, to tell it from others.
    pub(crate) name: DisplayName,
    /// What it may be used for.
    #[serde(default)]
    #[oai(default)]
    pub(crate) scope: ApiKeyScope,
}

/// A new key.
#[derive(Debug, Serialize, Object)]
pub(crate) struct NewApiKey {
    /// By which it is revoked.
    id: ApiKeyId,
    /// The secret, for the header `X-Api-Key`. It is shown only here.
    key: String,
}

/// A key without its secret.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ApiKey {
    /// By which it is revoked.
    id: ApiKeyId,
    name: String,
    scope: ApiKeyScope,
    created_at: Timestamp,
    /// Left out while it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    revoked_at: Option<Timestamp>,
}

/// Some of the keys, revoked ones too, newest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ApiKeyPage {
    items: Vec<ApiKey>,
    next: Next<Cursor>,
}

/// How somebody is banned.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(default)]
pub(crate) struct BanUser {
    /// When the ban ends; left out: it does not.
    pub(crate) until: Option<Timestamp>,
    /// What for. The user is not told.
    pub(crate) reason: Option<BanReason>,
}

/// A ban that is in force.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ServerBan {
    at: Timestamp,
    /// Left out where it does not end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
}

/// Where somebody comes from.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Identity {
    /// `wechat`, `guest` or `external`.
    provider: String,
    /// The mini-program, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    app_id: Option<String>,
    created_at: Timestamp,
}

/// Where somebody is signed in.
#[derive(Debug, Serialize, Object)]
pub(crate) struct SignedIn {
    /// The session's id.
    id: SessionId,
    /// What the client called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    device: Option<String>,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
}

/// A user, as those who run the server see them.
#[derive(Debug, Serialize, Object)]
pub(crate) struct UserRecord {
    /// What everybody sees.
    user: UserProfile,
    /// To within an hour; left out where they were never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    last_seen_at: Option<Timestamp>,
    /// Left out where none is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    ban: Option<ServerBan>,
    /// The oldest first, at most 50.
    identities: Vec<Identity>,
    /// The newest first, at most 200.
    sessions: Vec<SignedIn>,
}

impl From<ApiKeyScope> for accounts::KeyScope {
    fn from(scope: ApiKeyScope) -> Self {
        match scope {
            ApiKeyScope::Users => Self::Users,
            ApiKeyScope::Admin => Self::Admin,
        }
    }
}

impl From<accounts::KeyScope> for ApiKeyScope {
    fn from(scope: accounts::KeyScope) -> Self {
        match scope {
            accounts::KeyScope::Users => Self::Users,
            accounts::KeyScope::Admin => Self::Admin,
        }
    }
}

impl From<accounts::NewApiKey> for NewApiKey {
    fn from(key: accounts::NewApiKey) -> Self {
        Self { id: key.id, key: key.secret() }
    }
}

impl From<accounts::ApiKeyPage> for ApiKeyPage {
    fn from(page: accounts::ApiKeyPage) -> Self {
        let key = |key: accounts::ApiKeyInfo| ApiKey {
            id: key.id,
            name: key.name,
            scope: key.scope.into(),
            created_at: key.created_at,
            revoked_at: key.revoked_at,
        };
        Self {
            items: page.items.into_iter().map(key).collect(),
            next: Next(page.next.map(|id| Cursor(id.uuid()))),
        }
    }
}

impl From<accounts::UserRecord> for UserRecord {
    fn from(record: accounts::UserRecord) -> Self {
        let ban = |ban: accounts::Ban| ServerBan { at: ban.at, until: ban.until, reason: ban.reason };
        let identity = |identity: accounts::IdentityInfo| Identity {
            provider: identity.provider,
            app_id: identity.app_id,
            created_at: identity.created_at,
        };
        let session = |session: accounts::SessionInfo| SignedIn {
            id: session.id,
            device: session.device,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
        };
        Self {
            user: record.profile,
            last_seen_at: record.last_seen_at,
            ban: record.ban.map(ban),
            identities: record.identities.into_iter().map(identity).collect(),
            sessions: record.sessions.into_iter().map(session).collect(),
        }
    }
}
