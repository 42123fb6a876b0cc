//! What kinds of rooms there are, and what a member may be in one.

use serde::{Deserialize, Deserializer, Serialize};

use crate::TextError;

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Every member writes.
    Group,
    /// Owner and admins write, members read.
    Channel,
    /// Two people; one room for each pair.
    Direct,
}

/// Who may find and join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody may find, read and join it.
    Public,
    /// Only members know that it exists.
    Private,
}

/// What a member may do in a room; the later outranks the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, and writes where the room's kind lets members write.
    Member,
    /// Also mutes, kicks, bans, invites and changes the announcement.
    Admin,
    /// Also makes admins and deletes the room.
    Owner,
}

/// A room's name: 1 to 64 characters after trimming, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RoomName(String);

impl RoomName {
    /// The most characters.
    pub const MAX_CHARS: usize = 64;

    /// # Errors
    /// [`TextError`] says which rule `text` breaks.
    pub fn new(text: &str) -> Result<Self, TextError> {
        short_text(text, Self::MAX_CHARS).map(Self)
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

impl<'de> Deserialize<'de> for RoomName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// One line of text from outside, trimmed: the rule that names share.
pub(crate) fn short_text(text: &str, max: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_outranks_an_admin_and_an_admin_a_member() {
        assert!(Role::Owner > Role::Admin && Role::Admin > Role::Member);
    }

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(RoomName::new("  茶馆 ").unwrap().as_str(), "茶馆");
        assert_eq!(RoomName::new("   "), Err(TextError::Empty));
        assert_eq!(RoomName::new(&"茶".repeat(65)), Err(TextError::TooLong { max: 64 }));
        assert_eq!(RoomName::new("a\u{0}b"), Err(TextError::Control));
    }
}
