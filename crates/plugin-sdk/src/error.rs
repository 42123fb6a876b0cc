//! What goes wrong: on the host's side ([`Error`]), and in a hook as a whole ([`Failure`]).

use std::fmt;

use crate::bindings::host::types::Error as Raw;

/// Why a host function did nothing. In a hook, `?` makes a [`Failure`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// This capability is missing, was revoked, or can't be used inside a filter's or gate's hook.
    Denied(String),
    /// It doesn't exist, or is in no room of this plugin: one can't tell which.
    NotFound,
    /// What is wrong with the arguments.
    Invalid(String),
    /// The limit, in bytes.
    TooLarge(u32),
    /// Try again after so many milliseconds.
    RateLimited(u32),
    /// The quota that is used up.
    Quota(u32),
    /// The value is no longer what the caller said it was.
    Conflict,
    /// Not now; trying later may help.
    Unavailable(String),
    /// What the host gave is not what this plugin takes it for, such as a value in `kv` of another shape.
    Unreadable(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(what) => write!(f, "denied: {what}"),
            Self::NotFound => f.write_str("not found"),
            Self::Invalid(why) => write!(f, "invalid: {why}"),
            Self::TooLarge(limit) => write!(f, "too large: {limit} bytes at most"),
            Self::RateLimited(after) => write!(f, "too often: try again in {after} ms"),
            Self::Quota(quota) => write!(f, "the quota of {quota} is used up"),
            Self::Conflict => f.write_str("conflict: it was changed meanwhile"),
            Self::Unavailable(why) => write!(f, "unavailable: {why}"),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Raw> for Error {
    fn from(raw: Raw) -> Self {
        match raw {
            Raw::Denied(what) => Self::Denied(what),
            Raw::NotFound => Self::NotFound,
            Raw::Invalid(why) => Self::Invalid(why),
            Raw::TooLarge(limit) => Self::TooLarge(limit),
            Raw::RateLimited(after) => Self::RateLimited(after),
            Raw::Quota(quota) => Self::Quota(quota),
            Raw::Conflict => Self::Conflict,
            Raw::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

/// What a hook gives: its answer, or why it has none.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a hook has no answer. Any error becomes one by `?`; a plain text by [`Failure::new`].
///
/// A filter that fails says neither yes nor no: the on-error policy decides. A bot's failure is logged and counted.
/// The instance lives on in both cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// With these words, for the log.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The words for the log.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    #[doc(hidden)]
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

// No `std::error::Error` of its own: it would collide with this.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_error_becomes_a_failure_with_its_words() {
        fn hook() -> Outcome<u8> {
            Ok("three".parse()?)
        }
        assert_eq!(hook().unwrap_err().text(), "invalid digit found in string");
        assert_eq!(Failure::from(Error::Denied("kv".into())).text(), "denied: kv");
    }
}
