//! Emoji that may be put to a message.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::FieldError;

/// Makes a character an emoji that could also be text (Unicode's VARIATION SELECTOR-16).
const AS_EMOJI: char = '\u{fe0f}';
/// What once could be put to a message was a word of at most so many characters.
const MAX_OLD_CHARS: usize = 16;

/// One emoji of those that Unicode recommends for general interchange (UTS #51, the RGI set), written in full: ❤ is ❤️.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Emoji(&'static str);

impl Emoji {
    /// The emoji that `text` is, whichever of its forms it has.
    ///
    /// # Errors
    /// A [`FieldError`] for `emoji` where it is none, or more than one.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let found = emojis::get(text).map(|emoji| Self(emoji.as_str()));
        found.ok_or_else(|| FieldError::new("emoji", "must be one emoji"))
    }

    /// The emoji, written in full.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The forms in which `text` may have been put to a message: written in full, and without what makes it an emoji.
/// Before there was [`Emoji`], any word of up to 16 characters could be put, and it can be taken away for ever.
///
/// # Errors
/// A [`FieldError`] for `emoji` where it can't have been put.
pub fn once_put(text: &str) -> Result<Vec<String>, FieldError> {
    let fits = !text.is_empty()
        && text.chars().count() <= MAX_OLD_CHARS
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if !fits {
        return Err(FieldError::new("emoji", "must be one emoji"));
    }
    let full: &str = match Emoji::new(text) {
        Ok(emoji) => emoji.as_str(),
        Err(_) => text,
    };
    let mut forms = vec![full.to_owned(), full.replace(AS_EMOJI, ""), text.to_owned()];
    forms.sort_unstable();
    forms.dedup();
    Ok(forms)
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Emoji {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Emoji {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_one_in_whichever_form() {
        for (text, full) in [
            ("👍", "👍"),
            ("❤", "❤️"),
            ("❤️", "❤️"),
            ("👍🏽", "👍🏽"),
            ("👨‍👩‍👧", "👨‍👩‍👧"),
            ("🇨🇳", "🇨🇳"),
            ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
            ("1️⃣", "1️⃣"),
            ("🍵", "🍵"),
        ] {
            assert_eq!(Emoji::new(text).map(Emoji::as_str), Ok(full), "{text}");
        }
    }

    #[test]
    fn a_word_is_none_and_neither_are_two() {
        for text in [
            "",
            "a",
            "赞",
            "1",
            "👍👍",
            "👍 ",
            "🇨",
            "🇨🇳🇨🇳",
            "ok",
            "加微信",
            "\u{fe0f}",
            "\u{200d}",
            "👍\u{200d}",
        ] {
            assert!(Emoji::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_was_put_once_is_found_in_each_form() {
        assert_eq!(once_put("❤").unwrap(), ["❤", "❤️"]);
        assert_eq!(once_put("❤️").unwrap(), ["❤", "❤️"]);
        assert_eq!(once_put("加微信").unwrap(), ["加微信"]);
        assert!(
            once_put("two words").is_err() && once_put("").is_err() && once_put(&"a".repeat(17)).is_err()
        );
    }
}
