//! The key that a mini-program's data is signed and encrypted with.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::malformed::Malformed;

/// The key of one person in one app, shared between WeChat and our server, and never a client's to see: the base64
/// text of 16 bytes. Wiped on drop, masked in `Debug`, and it can't be serialised.
///
/// WeChat replaces it whenever it likes, and a new `wx.login` may do so too.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionKey(Zeroizing<String>);

impl SessionKey {
    /// Takes `text` as a session key.
    ///
    /// # Errors
    /// [`Malformed`] unless it is strict base64 of 16 bytes.
    pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
        let text = Zeroizing::new(text.into());
        let bytes = STANDARD.decode(text.as_bytes()).map(Zeroizing::new);
        match bytes {
            Ok(bytes) if bytes.len() == 16 => Ok(Self(text)),
            _ => Err(Malformed { what: "a session key", rule: "base64 of 16 bytes" }),
        }
    }

    /// The base64 text, to be encrypted and stored, or to sign with: both of WeChat's signatures take the text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The 16 bytes, which the cipher takes.
    pub(crate) fn bytes(&self) -> Zeroizing<[u8; 16]> {
        let mut bytes = Zeroizing::new([0; 16]);
        // The length was checked when the key was made, so the slice is always filled.
        let _ = STANDARD.decode_slice_unchecked(self.0.as_bytes(), &mut bytes[..]);
        bytes
    }
}

impl PartialEq for SessionKey {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SessionKey {}

impl TryFrom<String> for SessionKey {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SessionKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_base64_of_sixteen_bytes_is_a_session_key() {
        assert!(SessionKey::parse("HyVFkGl5F5OQWJZZaNzBBg==").is_ok());
        for bad in ["", "HyVFkGl5F5OQWJZZaNzBBg", "HyVFkGl5F5OQWJZZaNzB", "HyVFkGl5F5OQWJZZaNzBBh==", "!!!!"]
        {
            assert!(SessionKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        let key = SessionKey::parse("HyVFkGl5F5OQWJZZaNzBBg==").unwrap();
        assert_eq!(format!("{key:?}"), "SessionKey(***)");
    }
}
