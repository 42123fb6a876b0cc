//! Secrets that we hand out: 256 random bits, of which only the SHA-256 is kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Characters of 32 bytes in base64url without padding.
const TOKEN_CHARS: usize = 43;

/// A secret for its owner: 43 characters of `[A-Za-z0-9_-]`, which stand in a URL as they are. Masked in `Debug`.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

/// What is kept of a [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash([u8; 32]);

impl Token {
    pub(crate) fn generate() -> Self {
        let bytes = Zeroizing::new(rand::random::<[u8; 32]>());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// `None` when `text` can't be a token of ours, so that nothing needs to be looked up.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_token = text.len() == TOKEN_CHARS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_token.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The secret, for its owner and nobody else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> TokenHash {
        // No salt and no stretching: 256 random bits can't be guessed from a fast hash.
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl TokenHash {
    /// From the database; `None` when it is no SHA-256.
    pub(crate) fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn to_stored(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_never_twice_the_same() {
        let token = Token::generate();
        assert_eq!(Token::parse(token.as_str()).unwrap().hash(), token.hash());
        assert_ne!(Token::generate().hash(), token.hash());
    }

    #[test]
    fn what_is_no_token_is_known_by_its_shape() {
        for bad in
            ["", "a", &"a".repeat(42), &"a".repeat(44), &"茶".repeat(43), &format!("{}=", "a".repeat(42))]
        {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_a_token() {
        assert_eq!(format!("{:?}", Token::generate()), "Token(***)");
    }
}
