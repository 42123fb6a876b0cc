//! The codes that a mini-program hands to its server to be exchanged: single use, five minutes.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::malformed::Malformed;

/// Longest code that is sent on. WeChat's have 32 (login) or 64 (phone number) characters; it promises no length.
const CODE_CHARACTERS: usize = 256;

/// What `wx.login` gave. Masked in `Debug`, since whoever exchanges it first is that person.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct LoginCode(SecretString);

/// What a `getPhoneNumber` button gave; not a login code. Masked in `Debug`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PhoneCode(SecretString);

impl LoginCode {
    /// Takes `text` as a login code.
    ///
    /// # Errors
    /// [`Malformed`] unless it is 1 to 256 printable ASCII characters without space.
    pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
        check_code("a login code", text.into()).map(Self)
    }

    /// The code itself, for the exchange.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PhoneCode {
    /// Takes `text` as a phone code.
    ///
    /// # Errors
    /// [`Malformed`] unless it is 1 to 256 printable ASCII characters without space.
    pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
        check_code("a phone code", text.into()).map(Self)
    }

    /// The code itself, for the exchange.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl TryFrom<String> for LoginCode {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PhoneCode {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

fn check_code(what: &'static str, text: String) -> Result<SecretString, Malformed> {
    let fits =
        (1..=CODE_CHARACTERS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(SecretString::from(text))
    } else {
        Err(Malformed { what, rule: "1 to 256 printable ASCII characters without space" })
    }
}
