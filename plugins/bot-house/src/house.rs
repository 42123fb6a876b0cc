//! What a bot may ask of the server.

use std::time::Duration;

use crate::{Draft, Person};

/// Why the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The capability wasn't granted.
    Denied(String),
    /// No such thing, or not for this bot.
    NotFound,
    /// The value was no longer the expected one.
    Conflict,
    /// Too often; good again after this time.
    RateLimited(Duration),
    /// The store, or the number of timers, is used up.
    Full,
    /// What was asked makes no sense; the words say why.
    Invalid(String),
    /// It may work later.
    Unavailable(String),
}

impl Refusal {
    /// Whether the same call may succeed when the event comes again.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Conflict | Self::RateLimited(_) | Self::Unavailable(_))
    }
}

impl std::error::Error for Refusal {}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Denied(capability) => write!(f, "not granted: {capability}"),
            Self::NotFound => f.write_str("not found"),
            Self::Conflict => f.write_str("changed by another at the same time"),
            Self::RateLimited(after) => write!(f, "too often; again after {} ms", after.as_millis()),
            Self::Full => f.write_str("the quota is used up"),
            Self::Invalid(why) => write!(f, "invalid: {why}"),
            Self::Unavailable(why) => write!(f, "unavailable: {why}"),
        }
    }
}

/// What somebody is in a room, as far as a bot asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs the room: its owner, or an admin.
    Moderator,
    /// Anyone else.
    Member,
}

impl Role {
    /// From the interface's word.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        if matches!(word, "owner" | "admin") { Self::Moderator } else { Self::Member }
    }
}

/// The server, as a bot sees it: its own store, its own voice, its own timers.
pub trait House {
    /// Milliseconds since 1970 UTC.
    fn now(&self) -> u64;

    /// Writes a line to the plugin's log, for the operator.
    fn note(&self, line: &str);

    /// # Errors
    /// [`Refusal`].
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal>;

    /// Sets `key` whatever it was.
    ///
    /// # Errors
    /// [`Refusal`].
    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Refusal>;

    /// Sets `key` if it is still `old` (none: not there).
    ///
    /// # Errors
    /// [`Refusal::Conflict`] when it is not, and the others.
    fn swap(&self, key: &str, old: Option<&[u8]>, new: &[u8], ttl: Option<Duration>) -> Result<(), Refusal>;

    /// # Errors
    /// [`Refusal`].
    fn delete(&self, key: &str) -> Result<(), Refusal>;

    /// Sends, and answers the message's id. The same `key` again gives the first message, and sends nothing.
    ///
    /// # Errors
    /// [`Refusal`].
    fn send(&self, draft: &Draft, key: Option<&str>) -> Result<String, Refusal>;

    /// # Errors
    /// [`Refusal`].
    fn edit(&self, message: &str, draft: &Draft) -> Result<(), Refusal>;

    /// Sets the timer `name`, in place of one of that name.
    ///
    /// # Errors
    /// [`Refusal`].
    fn set_timer(&self, name: &str, delay: Duration, payload: &str) -> Result<(), Refusal>;

    /// # Errors
    /// [`Refusal`].
    fn cancel_timer(&self, name: &str) -> Result<(), Refusal>;

    /// Puts a message up for the moderators.
    ///
    /// # Errors
    /// [`Refusal`].
    fn flag(&self, message: &str, code: &str, note: &str) -> Result<(), Refusal>;

    /// # Errors
    /// [`Refusal`].
    fn person(&self, id: &str) -> Result<Person, Refusal>;

    /// # Errors
    /// [`Refusal`].
    fn role(&self, room: &str, user: &str) -> Result<Role, Refusal>;

    /// Says something to one person, without which the bot's work is done all the same: a refusal is noted, no more.
    fn whisper(&self, draft: &Draft, key: &str) {
        if let Err(refusal) = self.send(draft, Some(key)) {
            self.note(&format!("an answer to one person was not sent: {refusal}"));
        }
    }
}
