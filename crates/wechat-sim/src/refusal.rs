//! A call's refusal as WeChat words it.

use serde_json::{Value, json};
use teahouse_wechat::Errcode;

/// The call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Errcode,
    stem: String,
}

impl Refusal {
    /// A refusal with WeChat's usual text.
    pub(crate) fn of(code: Errcode) -> Self {
        Self { code, stem: stem(code).to_owned() }
    }

    /// A refusal whose text names what was wrong.
    pub(crate) fn because(code: Errcode, stem: impl Into<String>) -> Self {
        Self { code, stem: stem.into() }
    }

    /// The answer's body; the text ends in a request id, so that nobody compares it.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        json!({ "errcode": self.code.number(), "errmsg": format!("{} rid: {request_id}", self.stem) })
    }
}

impl From<Errcode> for Refusal {
    fn from(code: Errcode) -> Self {
        Self::of(code)
    }
}

/// The part of WeChat's text that stays the same.
fn stem(code: Errcode) -> &'static str {
    match code {
        Errcode::SystemBusy => "system error",
        Errcode::DownloadFailed => "download failed",
        Errcode::InvalidCredential => "invalid credential, access_token is invalid or not latest",
        Errcode::InvalidGrantType => "invalid grant_type",
        Errcode::InvalidOpenId => "invalid openid",
        Errcode::InvalidMediaType => "invalid media type",
        Errcode::InvalidAppId => "invalid appid",
        Errcode::InvalidAccessToken => "invalid access_token",
        Errcode::InvalidCode => "invalid code",
        Errcode::InvalidTemplateId => "invalid template_id",
        Errcode::InvalidArguments => "invalid args",
        Errcode::InvalidAppSecret => "invalid appsecret",
        Errcode::InvalidScene => "invalid scene",
        Errcode::CodeUsed => "code been used",
        Errcode::AddressNotAllowed => "invalid ip, not in whitelist",
        Errcode::PersonBlocked => "code blocked",
        Errcode::SecretFrozen => "appsecret frozen",
        Errcode::MissingAccessToken => "access_token missing",
        Errcode::MissingAppId => "appid missing",
        Errcode::MissingAppSecret => "appsecret missing",
        Errcode::MissingCode => "missing code",
        Errcode::PageNotReleased => "invalid page",
        Errcode::AccessTokenExpired => "access_token expired",
        Errcode::PostRequired => "require POST method",
        Errcode::NotSubscribed => "user refuse to accept the msg",
        Errcode::OpenIdOfOtherApp => "the openid does not match the appid",
        Errcode::SubscriptionBanned => "subscribe message capability is banned",
        Errcode::ConcurrentSends => "concurrent sends to the same user",
        Errcode::EmptyBody => "empty post data",
        Errcode::MinuteQuotaReached => "reach max api minute frequence",
        Errcode::DailyQuotaReached => "reach max api daily quota limit",
        Errcode::TooFrequent => "api minute-quota reach limit, must slower, retry next minute",
        Errcode::SensitiveWord => "sensitive word in data",
        Errcode::MalformedData => "data format error",
        Errcode::TemplateDataMismatch => "argument invalid",
        Errcode::ApiUnauthorized => "api unauthorized",
        Errcode::TokenCallForbidden => "token call forbidden",
        Errcode::AccountFrozen => "account frozen",
        Errcode::VisitTooOld => "code is expired",
        Errcode::SessionKeyGone => "session_key not existed or expired",
        Errcode::InvalidSignatureMethod => "invalid sig_method",
        Errcode::InvalidSignature => "invalid signature",
        Errcode::RiskyContent => "risky content",
        Errcode::RepeatRequestLimit => "repeat request limit exceeded",
        Errcode::AdminConfirmationRequired => "not confirmed by the administrator",
        Errcode::AddressRefusedForADay | Errcode::AddressRefusedForAnHour => "ip refused",
        _ => "refused on demand",
    }
}
