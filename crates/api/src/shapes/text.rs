//! Texts in requests that are more than strings.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use teahouse_accounts as accounts;
use teahouse_plugin_package::{CapabilityName, Digest, PluginId};
use teahouse_protocol::{self as protocol, once_put};

use crate::page::scalar;

/// A text whose rule is checked where it is read, be it in a body or in a parameter. `$parse` makes the value that
/// the floors below take, or says what would be right.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident = $value:ty, $schema_name:literal, $parse:expr, $schema:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            text: String,
            pub(crate) value: $value,
        }

        impl $name {
            fn new(text: &str) -> Result<Self, String> {
                let parse: fn(&str) -> Result<$value, String> = $parse;
                Ok(Self { value: parse(text)?, text: text.to_owned() })
            }
        }

        scalar!($name, $schema_name, required: true, $schema);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                Self::new(text).map_err(ParseError::custom)
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                match value {
                    Some(Value::String(text)) => Self::parse_from_parameter(&text),
                    other => Err(ParseError::expected_type(other.unwrap_or_default())),
                }
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(Value::String(self.text.clone()))
            }
        }
    };
}

/// Text without NUL.
const FREE: &str = r"^[^\x00]*$";
/// Text without control characters.
const LINE: &str = r"^[^\x00-\x1F\x7F-\x9F]+$";

fn string(min: usize, max: usize, pattern: &str) -> MetaSchema {
    MetaSchema {
        min_length: Some(min),
        max_length: Some(max),
        pattern: Some(pattern.to_owned()),
        ..MetaSchema::new("string")
    }
}

/// Text that is kept or given on. NUL is in none: PostgreSQL does not store it.
fn free_text(text: &str, max: usize) -> Result<String, String> {
    if text.chars().count() > max {
        Err(format!("must have at most {max} characters"))
    } else if text.contains('\0') {
        Err("must not contain the character NUL".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// WeChat's have 32 characters today, and are not said to stay so.
const MAX_CODE_CHARS: usize = 256;

text!(
    /// What `wx.login` gave to the phone.
    LoginCode = String, "string_login_code",
    |text| if text.is_empty() { Err("must not be empty".to_owned()) } else { free_text(text, MAX_CODE_CHARS) },
    string(1, MAX_CODE_CHARS, "^[!-~]+$")
);

/// `encryptedData` of a profile has about 500 characters.
const MAX_PHONE_DATA_CHARS: usize = 16_384;

text!(
    /// What WeChat gave to the phone, and the floors below take apart.
    PhoneData = String, "string_phone_data",
    |text| free_text(text, MAX_PHONE_DATA_CHARS),
    string(0, MAX_PHONE_DATA_CHARS, FREE)
);

text!(
    /// The address of a picture.
    AvatarUrl = accounts::AvatarUrl, "string_avatar_url",
    |text| accounts::AvatarUrl::parse(text).map_err(|error| error.detail),
    string(8, 1_024, r"^https?://[^\s\x00-\x1F\x7F-\x9F]+$")
);

text!(
    /// A business server's own id of a user.
    ExternalId = accounts::ExternalId, "string_external_id",
    |text| accounts::ExternalId::parse(text).map_err(|error| error.detail),
    string(1, 128, LINE)
);

text!(
    /// What a client calls a request that it may have to send again.
    IdempotencyKey = accounts::IdempotencyKey, "string_idempotency_key",
    |text| accounts::IdempotencyKey::parse(text).map_err(|error| error.detail),
    string(1, 128, "^[!-~]+$")
);

text!(
    /// One emoji of those that Unicode recommends for general interchange, such as 👍.
    Emoji = protocol::Emoji, "string_emoji",
    |text| protocol::Emoji::new(text).map_err(|error| error.detail),
    string(1, 16, r"^[^\s\x00-\x1F\x7F-\x9F]+$")
);

text!(
    /// An emoji as it was put; reactions of before may be any short word.
    PutEmoji = String, "string_put_emoji",
    |text| once_put(text).map(|_| text.to_owned()).map_err(|error| error.detail),
    string(1, 16, r"^[^\s\x00-\x1F\x7F-\x9F]+$")
);

text!(
    /// A room's announcement; empty: none.
    Announcement = protocol::Announcement, "string_announcement",
    |text| protocol::Announcement::new(text).map_err(|error| error.to_string()),
    string(0, protocol::Announcement::MAX_CHARS, FREE)
);

const MAX_NOTE_CHARS: usize = 500;

text!(
    /// A sentence or a word.
    Note = String, "string_note",
    |text| if text.is_empty() { Err("must not be empty".to_owned()) } else { free_text(text, MAX_NOTE_CHARS) },
    string(1, MAX_NOTE_CHARS, FREE)
);

text!(
    /// What somebody is banned for.
    BanReason = accounts::BanReason, "string_ban_reason",
    |text| accounts::BanReason::parse(text).map_err(|error| error.detail),
    string(1, accounts::BanReason::MAX_CHARS, LINE)
);

text!(
    /// A plugin's id.
    PluginName = PluginId, "string_plugin_id",
    |text| text.parse::<PluginId>().map_err(|error| error.to_string()),
    string(3, 64, r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
);

text!(
    /// The digest of a package: SHA-256, 64 hexadecimal digits.
    PackageDigest = Digest, "string_package_digest",
    |text| text.parse::<Digest>().map_err(|error| error.to_string()),
    string(64, 64, "^[0-9a-f]{64}$")
);

text!(
    /// A capability: `kv`, `directory`, `messages`, `history`, `moderation`, `timers` or `http`.
    CapabilityWord = CapabilityName, "string_capability",
    |text| text.parse::<CapabilityName>().map_err(|_| "must be the name of a capability".to_owned()),
    string(2, 16, "^[a-z]+$")
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_refused_where_it_is_read() {
        assert!(serde_json::from_str::<AvatarUrl>(r#""https://example.com/a.png""#).is_ok());
        assert!(serde_json::from_str::<AvatarUrl>(r#""javascript:alert(1)""#).is_err());
        assert!(IdempotencyKey::parse_from_parameter("0199aa00-0000-7000-8000-000000000001").is_ok());
        assert!(IdempotencyKey::parse_from_parameter("a b").is_err());
        assert!(Emoji::parse_from_parameter("👍").is_ok());
        assert!(Emoji::parse_from_parameter("word").is_err());
        assert!(PutEmoji::parse_from_parameter("word").is_ok());
        assert!(PutEmoji::parse_from_parameter("two words").is_err());
    }

    #[test]
    fn a_text_has_at_most_its_limit_of_characters() {
        assert!(Note::new(&"茶".repeat(MAX_NOTE_CHARS)).is_ok());
        assert!(Note::new(&"茶".repeat(MAX_NOTE_CHARS + 1)).is_err());
        assert!(Note::new("a\0").is_err());
    }
}
