//! Reading events.

use serde::de::DeserializeOwned;

use crate::{Command, Error, Membership, Message};

/// The value of `name` in a list of pairs such as `message.extra`.
#[must_use]
pub fn find_extra<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The same, empty where there is none.
#[must_use]
pub fn extra<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    find_extra(pairs, name).unwrap_or_default()
}

impl Message {
    /// Whether a person wrote it.
    #[must_use]
    pub fn is_by_person(&self) -> bool {
        self.hops == 0 && !self.sender.is_bot
    }

    /// Whether its sender runs the room.
    #[must_use]
    pub fn is_by_moderator(&self) -> bool {
        matches!(self.role.as_str(), "owner" | "admin")
    }
}

impl Command {
    /// The command's options as one of your types.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where they don't fit.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.options).map_err(|error| Error::Unreadable(error.to_string()))
    }

    /// Whether who wrote it reads Chinese, as far as is known. Without a word on it: yes.
    #[must_use]
    pub fn is_chinese(&self) -> bool {
        self.locale.is_empty() || self.locale.starts_with("zh")
    }
}

impl Membership {
    /// The role after the change, where the change is `role`.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        find_extra(&self.extra, "role")
    }

    /// The id of who did it, where somebody else did.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        find_extra(&self.extra, "by")
    }
}
