//! What kinds of rooms there are, and what a member may be in one.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{TextError, text};

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

/// A room's name: 1 to 64 characters after trimming, by the rules of a [`crate::DisplayName`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RoomName(String);

impl RoomName {
    /// The most characters.
    pub const MAX_CHARS: usize = 64;
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

impl<'de> Deserialize<'de> for RoomName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// A room's announcement: at most 2000 characters (code points), empty for none. What is not empty can be seen; lines may
/// end in it, and each closes the directions that it opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement(String);

impl Announcement {
    /// The most characters.
    pub const MAX_CHARS: usize = 2_000;

    /// # Errors
    /// [`TextError`] says which rule `text` breaks.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(TextError::TooLong { max: Self::MAX_CHARS });
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(TextError::Control);
        }
        text::check_direction(text)?;
        if !text.is_empty() && !text::shows_anything(text) {
            return Err(TextError::Unseen);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
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

    #[test]
    fn an_announcement_has_lines_and_shows_something() {
        for good in ["", "one\r\n\ttwo", "\u{2067}שלום\u{2069}\ntea", &"茶".repeat(2_000)] {
            assert!(Announcement::new(good).is_ok(), "{good}");
        }
        assert_eq!(Announcement::new("\u{200b}\n"), Err(TextError::Unseen));
        assert_eq!(Announcement::new("\u{2067}a\nb\u{2069}"), Err(TextError::Direction));
        assert_eq!(Announcement::new("\u{202e}a"), Err(TextError::Direction));
        assert_eq!(Announcement::new("a\0"), Err(TextError::Control));
        assert_eq!(Announcement::new(&"茶".repeat(2_001)), Err(TextError::TooLong { max: 2_000 }));
    }
}
