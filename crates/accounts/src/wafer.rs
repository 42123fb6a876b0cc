//! Sign-in as the wafer SDKs make it: code and encrypted data in headers, and a profile in WeChat's shape back.

use serde_json::{Value, json};

use crate::{Accounts, Device, Error, NewSession, WechatData, WechatSignIn};

/// What a wafer SDK sends to sign in, as it sent it.
#[derive(Clone, Default)]
pub struct WaferSignIn {
    /// `X-WX-Code`.
    pub code: String,
    /// `X-WX-Encrypted-Data`; absent when the SDK logs in again by itself.
    pub encrypted_data: Option<String>,
    /// `X-WX-IV`.
    pub iv: Option<String>,
}

/// A session in the words of wafer: `skey` is its token, `id` its id.
#[derive(Clone, Debug)]
pub struct WaferSession {
    /// The session itself.
    pub session: NewSession,
    /// The profile in the shape of `wx.getUserInfo`, for the SDK to keep. Without an openid: no client needs it.
    pub userinfo: Value,
}

impl WaferSession {
    /// What the SDK sends as `X-WX-Id`.
    #[must_use]
    pub fn id(&self) -> String {
        self.session.session.id().to_string()
    }

    /// What the SDK sends as `X-WX-Skey`.
    #[must_use]
    pub fn skey(&self) -> &str {
        self.session.token.as_str()
    }
}

impl Accounts {
    /// Signs in with the first mini-program that is configured. A code alone is enough, also for a person whom we don't
    /// know yet: they come without a name.
    ///
    /// # Errors
    /// As [`Accounts::sign_in_wechat`].
    pub async fn sign_in_wafer(&self, request: WaferSignIn, device: &Device) -> Result<WaferSession, Error> {
        let data =
            WechatData { encrypted_data: request.encrypted_data, iv: request.iv, ..WechatData::default() };
        let request = WechatSignIn { app_id: None, code: request.code, data };
        let session = self.sign_in_wechat(request, device).await?;
        let userinfo = json!({
            "nickName": session.user.name,
            "avatarUrl": session.user.avatar.as_deref().unwrap_or_default(),
            "gender": 0,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
        });
        Ok(WaferSession { session, userinfo })
    }
}
