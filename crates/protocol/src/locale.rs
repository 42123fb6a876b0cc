//! The language that somebody's client speaks.

use std::fmt;
use std::sync::Arc;

/// The language that somebody's client speaks, as a tag such as `zh-CN` (RFC 5646): what its request or its socket said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locale(Arc<str>);

impl Locale {
    /// The longest tag.
    pub const MAX_CHARS: usize = 35;

    /// `tag` as a locale, if it could be one.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let fits = tag.len() <= Self::MAX_CHARS && tag.split('-').all(is_subtag);
        let begins_with_a_language = tag.bytes().take_while(u8::is_ascii_alphabetic).count() >= 2;
        (fits && begins_with_a_language).then(|| Self(tag.into()))
    }

    /// What an `Accept-Language` header likes best (RFC 9110 §12.5.4); `None` when it names no language.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in accept_language.split(',') {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(0.0);
            // The first of two equals wins, as browsers list them in order.
            if weight > best.as_ref().map_or(0.0, |best| best.1)
                && let Some(locale) = Self::parse(tag.trim())
            {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters and digits, at most eight.
fn is_subtag(subtag: &str) -> bool {
    (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: Option<&str>) {
        assert_eq!(Locale::preferred(header).as_ref().map(Locale::as_str), expected, "{header}");
    }

    #[test]
    fn the_heaviest_language_wins_and_the_first_of_equals() {
        check("zh-CN,zh;q=0.9,en;q=0.8", Some("zh-CN"));
        check("fr;q=0.3, zh-Hant-TW;q=0.5, en;q=0.5", Some("zh-Hant-TW"));
        check("*;q=0.9, en;q=0.1", Some("en"));
    }

    #[test]
    fn nonsense_is_no_language() {
        for header in ["", "*", ";;;,,", "en;q=0", "en;q=a lot", "<script>", "a", "1234", "en--GB"] {
            check(header, None);
        }
        check(&"a-".repeat(30), None);
    }
}
