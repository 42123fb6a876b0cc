//! The language in which a caller wants to be told what went wrong.

use poem::http::{HeaderMap, header};
use teahouse_protocol::ErrorCode;

/// The languages that error texts exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// What `Accept-Language` likes best of those that exist; English without a wish.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let wish = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut best = (Self::English, 0);
        for range in wish.split(',') {
            // The first of two equals wins, as browsers list them in order.
            if let Some(liked) = liked(range).filter(|liked| liked.1 > best.1) {
                best = liked;
            }
        }
        best.0
    }

    /// What to tell a person.
    pub(crate) const fn message_of(self, code: ErrorCode) -> &'static str {
        match self {
            Self::English => code.message_en(),
            Self::Chinese => code.message_zh(),
        }
    }

    /// RFC 5646.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }
}

/// A language range and its weight in thousandths (RFC 9110 §12.4.2).
fn liked(range: &str) -> Option<(Language, u32)> {
    let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
    let primary = tag.trim().split('-').next().unwrap_or_default();
    let language = if primary.eq_ignore_ascii_case("zh") {
        Language::Chinese
    } else if primary.eq_ignore_ascii_case("en") || primary == "*" {
        Language::English
    } else {
        return None;
    };
    let weight: f32 = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(0.0);
    // A float cast saturates, so nonsense stays nonsense and does no harm.
    Some((language, (weight.clamp(0.0, 1.0) * 1000.0) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wish: &str, expected: Language) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, wish.parse().unwrap());
        assert_eq!(Language::of(&headers), expected, "{wish}");
    }

    #[test]
    fn the_heaviest_known_language_wins() {
        check("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese);
        check("en-GB,en;q=0.9,zh;q=0.8", Language::English);
        check("fr, zh;q=0.3", Language::Chinese);
        check("zh;q=0, en;q=0.1", Language::English);
        check("en;q=0.1, zh;q=0.2", Language::Chinese);
    }

    #[test]
    fn without_a_wish_or_with_nonsense_it_is_english() {
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
        check("fr", Language::English);
        check("zh;q=a lot", Language::English);
        check(";;;,,", Language::English);
    }
}
