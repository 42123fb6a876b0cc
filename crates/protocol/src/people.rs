//! How a person appears to others.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{TextError, Timestamp, UserId, text};

/// A name shown to others: 1 to 32 characters after trimming, as people count them (grapheme clusters). Something of it
/// can be seen, it is one line, and it leaves the direction of what stands around it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

impl DisplayName {
    /// The most characters.
    pub const MAX_CHARS: usize = 32;
    /// The most code points.
    pub const MAX_CODE_POINTS: usize = text::most_code_points(Self::MAX_CHARS);

    /// # Errors
    /// [`TextError`] says which rule `text` breaks.
    pub fn new(text: &str) -> Result<Self, TextError> {
        text::name(text, Self::MAX_CHARS).map(Self)
    }

    /// The name, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, trimmed.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// What others see of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UserProfile {
    /// The user's id.
    pub id: UserId,
    /// The name shown to others.
    pub name: String,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub avatar: Option<String>,
    /// Whether this is a program that acts as a user.
    pub is_bot: bool,
    /// Whether this user came without signing in.
    pub is_guest: bool,
    /// Whether nobody is behind this user any more, such as the bot of a plugin that was uninstalled: it stands under what
    /// it said, and can't be reached. Left out where somebody is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if = "std::ops::Not::not"))]
    pub is_deactivated: bool,
    /// When the user was first seen.
    pub joined_at: Timestamp,
}

/// The sender of a message, as the message carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Sender {
    /// The user's id.
    pub id: UserId,
    /// The name shown to others.
    pub name: String,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub avatar: Option<String>,
    /// Whether this is a program that acts as a user; left out for people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if = "std::ops::Not::not"))]
    pub is_bot: bool,
    /// Whether this user came without signing in, and may call themselves anything; left out for everybody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if = "std::ops::Not::not"))]
    pub is_guest: bool,
}
