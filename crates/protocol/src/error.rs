//! The stable words for what went wrong: the same on the socket, in a problem document and in a log line.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $en:literal, $zh:literal;)+) => {
        /// What went wrong, in a word that never changes. The text beside it may.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
        pub enum ErrorCode {
            $(
                $(#[$doc])*
                #[serde(rename = $word)]
                #[cfg_attr(feature = "openapi", oai(rename = $word))]
                $variant,
            )+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What to tell a person, in English.
            #[must_use]
            pub const fn message_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }

            /// What to tell a person, in Chinese.
            #[must_use]
            pub const fn message_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }
        }
    };
}

error_codes! {
    /// The text is no JSON, or not an object.
    BadJson = "bad_json", "This is not valid JSON.", "内容不是有效的 JSON。";
    /// The frame's `type` is missing or unknown.
    UnknownType = "unknown_type", "This type of frame is unknown.", "未知的消息类型。";
    /// A field is missing or breaks its rule; the error names it.
    InvalidField = "invalid_field", "A field is missing or wrong.", "有字段缺失或不正确。";
    /// The query names a parameter that the operation does not have; the error names it.
    UnknownParameter = "unknown_parameter", "There is no such query parameter.", "没有这个查询参数。";
    /// The body of a request came too slowly, or stopped on its way.
    RequestTimeout = "request_timeout", "The request came too slowly.", "请求内容发送过慢。";
    /// A binary frame where only text is spoken.
    BinaryNotSupported = "binary_not_supported", "Send text frames, not binary ones.", "请发送文本帧，不支持二进制帧。";
    /// The frame is larger than `limits.frame_bytes`.
    FrameTooLarge = "frame_too_large", "The frame is too large.", "消息帧过大。";
    /// The body is larger than `limits.body_bytes`.
    BodyTooLarge = "body_too_large", "The request's body is too large.", "请求内容过大。";
    /// No session was given, and none can be done without.
    SessionRequired = "session_required", "Sign in first.", "请先登录。";
    /// The session ended, or never was.
    SessionExpired = "session_expired", "The session has ended: sign in again.", "登录已过期，请重新登录。";
    /// The API key is missing or wrong.
    ApiKeyInvalid = "api_key_invalid", "The API key is missing or wrong.", "API 密钥缺失或无效。";
    /// The caller knows the thing, but may not do this to it.
    NotAllowed = "not_allowed", "You are not allowed to do this.", "你没有权限执行此操作。";
    /// Nothing is at this address.
    NotFound = "not_found", "There is nothing here.", "找不到请求的内容。";
    /// No such room, or it is hidden from the caller.
    RoomNotFound = "room_not_found", "No such room.", "房间不存在。";
    /// No such user.
    UserNotFound = "user_not_found", "No such user.", "用户不存在。";
    /// No such message, or it is hidden from the caller.
    MessageNotFound = "message_not_found", "No such message.", "消息不存在。";
    /// No such session of the caller's.
    SessionNotFound = "session_not_found", "No such session.", "会话不存在。";
    /// Only members may do this here.
    NotAMember = "not_a_member", "You are not a member of this room.", "你不是该房间的成员。";
    /// The caller is muted in this room.
    Muted = "muted", "You are muted in this room.", "你已被禁言。";
    /// The caller is banned, from the room or from the server.
    Banned = "banned", "You are banned.", "你已被封禁。";
    /// A filter refused the message, the name or the visitor; the error says which one and why.
    Rejected = "rejected", "The message was refused.", "消息被拒绝。";
    /// Whoever runs the room decides about the request; its answer comes as a notice.
    ApprovalRequired = "approval_required", "The room's moderators decide about this: wait for their answer.", "需要房间管理员批准，请等待结果。";
    /// Too much in too short a time.
    RateLimited = "rate_limited", "Too fast: wait a moment.", "操作过于频繁，请稍后再试。";
    /// So many rooms, conversations or invitations are enough for now; the text says which, and `Retry-After` when to try again.
    QuotaReached = "quota_reached", "This is as much as one person may do for now: try again later.", "已达到目前的上限，请稍后再试。";
    /// Too many connections from one address.
    TooManyConnections = "too_many_connections", "Too many connections from your address.", "来自你地址的连接过多。";
    /// The same idempotency key came with another body, or the same client id with something else.
    IdempotencyConflict = "idempotency_conflict", "This idempotency key was used for something else.", "幂等键已用于其他请求。";
    /// The thing is in a state that does not allow this.
    Conflict = "conflict", "This is not possible now.", "当前状态不允许此操作。";
    /// The HTTP method does not exist here.
    MethodNotAllowed = "method_not_allowed", "This method is not allowed here.", "不支持该请求方法。";
    /// The body is not of a type that is understood.
    UnsupportedMediaType = "unsupported_media_type", "Send JSON.", "请发送 JSON。";
    /// Guests are not let in here.
    GuestsNotAllowed = "guests_not_allowed", "Guests are not allowed here.", "此处不允许游客进入。";
    /// WeChat does not know the login code, or it is too old.
    WechatCodeInvalid = "wechat_code_invalid", "The WeChat login code is wrong or too old: call wx.login again.", "微信登录凭证无效或已过期，请重新调用 wx.login。";
    /// The login code was used before.
    WechatCodeUsed = "wechat_code_used", "The WeChat login code was used before: call wx.login again.", "微信登录凭证已被使用，请重新调用 wx.login。";
    /// WeChat refuses this user.
    WechatUserBlocked = "wechat_user_blocked", "WeChat refuses this user.", "微信拒绝了该用户的登录。";
    /// No app with this id is configured.
    WechatAppUnknown = "wechat_app_unknown", "This mini-program is not configured here.", "此小程序未在服务器上配置。";
    /// `signature` does not fit `raw_data` and the session key.
    WechatSignatureMismatch = "wechat_signature_mismatch", "The signature does not fit the data.", "数据签名不匹配。";
    /// `encrypted_data` or `iv` is damaged, foreign or too old.
    WechatDataInvalid = "wechat_data_invalid", "The encrypted data is damaged or foreign.", "加密数据损坏或不属于此小程序。";
    /// The server no longer holds the session key that the phone used: log in afresh with a new code.
    WechatSessionLost = "wechat_session_lost", "The WeChat session has changed: call wx.login again.", "微信会话已失效，请重新调用 wx.login。";
    /// WeChat is slow, down, or answers nonsense.
    WechatUnavailable = "wechat_unavailable", "WeChat does not answer: try again in a moment.", "微信服务暂时不可用，请稍后再试。";
    /// WeChat refuses the server's own credentials.
    WechatMisconfigured = "wechat_misconfigured", "The server's WeChat credentials are refused: tell its operator.", "服务器的微信凭证有误，请联系管理员。";
    /// No plugin of this id is installed.
    PluginNotFound = "plugin_not_found", "No such plugin is installed.", "未安装此插件。";
    /// The plugin has no version with this digest.
    PluginVersionNotFound = "plugin_version_not_found", "No such version of the plugin is kept here.", "此处没有该插件的这个版本。";
    /// Nothing stands before the version in use.
    PluginNoEarlierVersion = "plugin_no_earlier_version", "No earlier version of the plugin is kept here.", "此处没有该插件的更早版本。";
    /// The package can't be read, or breaks a rule.
    PluginInvalid = "plugin_invalid", "The plugin's package is not right.", "插件包不正确。";
    /// The component can't be run, or not as its manifest says.
    PluginComponentRefused = "plugin_component_refused", "The plugin's component can't be run.", "插件组件无法运行。";
    /// The settings don't fit, by the schema or by the plugin's own word.
    PluginSettingsRefused = "plugin_settings_refused", "The plugin's settings are not right.", "插件设置不正确。";
    /// A decision outside what can be decided about a plugin.
    PluginPolicyRefused = "plugin_policy_refused", "This can't be decided so for the plugin.", "无法对该插件作此决定。";
    /// A capability that the plugin does not ask for.
    PluginNotAsked = "plugin_not_asked", "The plugin does not ask for this capability.", "该插件没有申请此能力。";
    /// The package is signed by another key than the installed plugin.
    PluginKeyChanged = "plugin_key_changed", "Another key signed this plugin before.", "该插件先前由另一把密钥签名。";
    /// Another changed the plugin at the same moment.
    PluginChanged = "plugin_changed", "The plugin was changed by somebody else: look again.", "插件刚被他人更改，请重新查看。";
    /// The plugin asks for more than was agreed to.
    ConsentRequired = "consent_required", "The plugin asks for what nobody has agreed to yet.", "插件申请的权限尚未获得同意。";
    /// This server installs packages of trusted signers alone.
    SignatureRequired = "signature_required", "The plugin's package needs a trusted signature.", "插件包需要受信任的签名。";
    /// The server can't do it now, such as while its database is away.
    Unavailable = "unavailable", "The service is not available for the moment: try again.", "服务暂时不可用，请稍后再试。";
    /// The server's disk is full.
    StorageFull = "storage_full", "The server's storage is full: tell its operator.", "服务器存储空间已满，请联系管理员。";
    /// A fault of the server's own.
    Internal = "internal", "Something went wrong on our side.", "服务器内部错误。";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with one field of a frame or a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[error("{field}: {detail}")]
pub struct FieldError {
    /// The field's name as the sender wrote it.
    pub field: String,
    /// `invalid_field`, or `unknown_parameter`; more words may come.
    pub code: ErrorCode,
    /// What would be right.
    pub detail: String,
}

impl FieldError {
    /// `field` is wrong, because of `detail`.
    pub fn new(field: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { field: field.into(), code: ErrorCode::InvalidField, detail: detail.to_string() }
    }
}

/// Why a socket was closed (RFC 6455 §7.4; 4000 and above are ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// The conversation is over.
    Done,
    /// The server goes away: reconnect at once.
    GoingAway,
    /// The client broke RFC 6455.
    ProtocolError,
    /// A text frame was not UTF-8.
    InvalidUtf8,
    /// Banned, or broke the rules again and again: do not reconnect.
    Policy,
    /// A frame was too large.
    TooLarge,
    /// Log in again.
    SessionExpired,
    /// Signed in elsewhere, where the policy is one device.
    SignedInElsewhere,
    /// Nothing was heard for twice the heartbeat.
    HeartbeatMissed,
    /// Reads too slowly, or sends too much.
    TooSlow,
}

impl CloseCode {
    /// The number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        match self {
            Self::Done => 1000,
            Self::GoingAway => 1001,
            Self::ProtocolError => 1002,
            Self::InvalidUtf8 => 1007,
            Self::Policy => 1008,
            Self::TooLarge => 1009,
            Self::SessionExpired => 4001,
            Self::SignedInElsewhere => 4002,
            Self::HeartbeatMissed => 4008,
            Self::TooSlow => 4029,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_its_word() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert!(!code.message_en().is_empty() && !code.message_zh().is_empty());
        }
    }
}
