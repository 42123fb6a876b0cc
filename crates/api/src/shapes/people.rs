//! Sign-ins, sessions and profiles.

use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Serialize};
use teahouse_accounts as accounts;
use teahouse_protocol::{DisplayName, SessionId, Timestamp, UserProfile};

use super::text::{AvatarUrl, ExternalId, LoginCode, PhoneData};

/// What a mini-program has after `wx.login` and, where the person allowed it, `wx.getUserInfo`.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct WechatSignIn {
    /// Which mini-program; may be left out where only one is configured.
    pub(crate) app_id: Option<PhoneData>,
    /// From `wx.login`: good once, for five minutes.
    pub(crate) code: LoginCode,
    /// `rawData` of `wx.getUserInfo`.
    pub(crate) raw_data: Option<PhoneData>,
    /// `signature` of `wx.getUserInfo`.
    pub(crate) signature: Option<PhoneData>,
    /// `encryptedData` of `wx.getUserInfo`.
    pub(crate) encrypted_data: Option<PhoneData>,
    /// `iv` of `wx.getUserInfo`.
    pub(crate) iv: Option<PhoneData>,
}

/// Somebody without an account.
#[derive(Debug, Default, Deserialize, Object)]
pub(crate) struct GuestSignIn {
    /// What to be called; without it a name is made up.
    pub(crate) name: Option<DisplayName>,
}

/// A user of a business server's own.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct MintToken {
    /// The business's own id of the user: the same id is the same user.
    pub(crate) external_id: ExternalId,
    /// What to be called; left out: as before.
    pub(crate) name: Option<DisplayName>,
    /// The address of a picture; left out: as before.
    pub(crate) avatar: Option<AvatarUrl>,
}

/// Somebody is signed in.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Session {
    /// The secret that stands for the session: `Authorization: Bearer TOKEN`. It is shown only here.
    token: String,
    /// When the session ends if it is not used; use moves it on.
    expires_at: Timestamp,
    /// Who is signed in.
    user: UserProfile,
}

impl From<accounts::NewSession> for Session {
    fn from(new: accounts::NewSession) -> Self {
        Self { token: new.token.as_str().to_owned(), expires_at: new.expires_at, user: new.user }
    }
}

/// What changes in my profile; what is left out stays.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(default)]
pub(crate) struct UpdateMe {
    /// The new name.
    pub(crate) name: Option<DisplayName>,
    /// The new picture's address; null takes the picture away.
    #[oai(nullable)]
    pub(crate) avatar: MaybeUndefined<AvatarUrl>,
}

/// A session of mine, as a device I am signed in on.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Device {
    /// The session's id.
    id: SessionId,
    /// What the client called itself when it signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    device: Option<String>,
    /// When it signed in.
    created_at: Timestamp,
    /// When it was last heard of.
    last_seen_at: Timestamp,
    /// When it ends if it is not used.
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// Where I am signed in.
#[derive(Debug, Serialize, Object)]
pub(crate) struct DeviceList {
    /// All of them.
    items: Vec<Device>,
}

impl DeviceList {
    pub(crate) fn new(sessions: Vec<accounts::SessionInfo>) -> Self {
        Self { items: sessions.into_iter().map(Device::from).collect() }
    }
}

impl From<accounts::SessionInfo> for Device {
    fn from(session: accounts::SessionInfo) -> Self {
        Self {
            id: session.id,
            device: session.device,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            current: session.is_current,
        }
    }
}

impl From<WechatSignIn> for accounts::WechatSignIn {
    fn from(body: WechatSignIn) -> Self {
        let text = |data: Option<PhoneData>| data.map(|data| data.value);
        let data = accounts::WechatData {
            raw_data: text(body.raw_data),
            signature: text(body.signature),
            encrypted_data: text(body.encrypted_data),
            iv: text(body.iv),
        };
        Self { app_id: text(body.app_id), code: body.code.value, data }
    }
}

impl From<MintToken> for accounts::ExternalUser {
    fn from(body: MintToken) -> Self {
        Self {
            external_id: body.external_id.value,
            name: body.name,
            avatar: body.avatar.map(|avatar| avatar.value),
        }
    }
}

impl From<UpdateMe> for accounts::ProfileChange {
    fn from(body: UpdateMe) -> Self {
        let avatar = match body.avatar {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(avatar) => Some(Some(avatar.value)),
        };
        Self { name: body.name, avatar }
    }
}
