//! Ids: UUIDv7 newtypes, the sequence number of a room, and the client's own message id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(poem_openapi::NewType))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later in time than those made before it on this node.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id with this value, as it stands in the database.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The value, as it stands in the database.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// A user: an account, human, guest or bot.
    UserId
);
uuid_id!(
    /// A room: group, channel or direct.
    RoomId
);
uuid_id!(
    /// A message, unique over all rooms.
    MessageId
);
uuid_id!(
    /// A session: a user signed in on a device. Its secret is the token.
    SessionId
);
uuid_id!(
    /// A key for programs: a business's server, or one that administers. Its secret is shown once.
    ApiKeyId
);
uuid_id!(
    /// A server's process among those that share a database. Never used again: who restarts is another.
    NodeId
);

/// The place of an event in its room's log: dense, strictly increasing from 1, below 2^53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Seq(i64);

impl Seq {
    /// Before the first event of a room.
    pub const ZERO: Self = Self(0);
    /// The largest that every JSON client can hold exactly.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// `None` when `value` is negative or 2^53 and above.
    #[must_use]
    pub const fn new(value: i64) -> Option<Self> {
        if value >= 0 && value <= Self::MAX.0 { Some(Self(value)) } else { None }
    }

    /// The value, as it stands in the database.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = i64::deserialize(deserializer)?;
        Self::new(value).ok_or_else(|| serde::de::Error::custom("must be from 0 to 2^53 - 1"))
    }
}

/// Why a text from outside was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing in it, or nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most characters allowed.
        max: usize,
    },
    /// A control character, such as NUL or a line break.
    #[error("must not contain control characters")]
    Control,
    /// Nothing that can be seen, such as a zero-width space or a mark without a letter.
    #[error("must contain something that can be seen")]
    Unseen,
    /// A direction that is overridden, or opened and not closed: it would turn what stands around it.
    #[error("must not override the direction of text, and must close each direction that it opens")]
    Direction,
}

/// A client's own id of a message, the key of idempotency: 1 to 64 characters without control characters.
/// A UUIDv7 is best, because the index that finds repeats is ordered by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ClientId(Box<str>);

impl ClientId {
    /// The most characters.
    pub const MAX_CHARS: usize = 64;

    /// # Errors
    /// [`TextError`] says which rule `text` breaks.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(TextError::TooLong { max: Self::MAX_CHARS });
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        Ok(Self(text.into()))
    }

    /// As the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_has_at_most_64_characters() {
        assert!(ClientId::new(&"茶".repeat(64)).is_ok());
        assert_eq!(ClientId::new(&"茶".repeat(65)), Err(TextError::TooLong { max: 64 }));
        assert_eq!(ClientId::new(""), Err(TextError::Empty));
        assert_eq!(ClientId::new("a\nb"), Err(TextError::Control));
    }

    #[test]
    fn a_seq_fits_every_json_client() {
        assert!(serde_json::from_str::<Seq>("9007199254740991").is_ok());
        assert!(serde_json::from_str::<Seq>("9007199254740992").is_err());
        assert!(serde_json::from_str::<Seq>("-1").is_err());
    }
}
