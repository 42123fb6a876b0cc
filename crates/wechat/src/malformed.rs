//! The refusal of a text that can't be the thing it is said to be, and the rule that ids share.

/// A text is not what it was given as. It names the kind of text and the rule, never the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {what}: {rule}")]
pub struct Malformed {
    /// What the text should have been, with its article.
    pub what: &'static str,
    /// The rule it broke.
    pub rule: &'static str,
}

/// Longest id that is believed. WeChat's have 18 (apps) and 28 (people) characters in every sample; it promises no length.
const ID_CHARACTERS: usize = 64;

/// Checks WeChat's id alphabet: `[A-Za-z0-9_-]`, which is also safe in a query, a header and a log.
pub(crate) fn check_id(what: &'static str, text: &str) -> Result<(), Malformed> {
    let fits = (1..=ID_CHARACTERS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    fits.then_some(()).ok_or(Malformed { what, rule: "1 to 64 characters of A-Z, a-z, 0-9, _ and -" })
}
