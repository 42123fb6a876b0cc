//! What sort of character a folded character is.

/// The sort of a folded character, as far as guards care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `a` to `z`: after folding there are no other Latin letters worth the name.
    Latin,
    /// `0` to `9`.
    Digit,
    /// An ideograph.
    Han,
    /// A letter or number of another script.
    Other,
    /// What ends a clause, such as a comma or a new line: a word seldom goes on behind it.
    Hard,
    /// Every other sign, space and emoji: often put into a word to hide it.
    Soft,
}

impl Class {
    /// The class of `c`, which must have been folded.
    #[must_use]
    pub fn of(c: char) -> Self {
        match c {
            '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{3ffff}' | '〇' => {
                Self::Han
            }
            'a'..='z' => Self::Latin,
            '0'..='9' => Self::Digit,
            ',' | '!' | '?' | ';' | ':' | '。' | '、' | '\n' | '\r' | '…' => Self::Hard,
            '\0'..='\u{7f}' => Self::Soft,
            _ if c.is_alphanumeric() => Self::Other,
            _ => Self::Soft,
        }
    }

    /// Whether this is a letter, a digit or an ideograph, and not only a sign.
    #[must_use]
    pub const fn is_word(self) -> bool {
        !matches!(self, Self::Hard | Self::Soft)
    }
}
