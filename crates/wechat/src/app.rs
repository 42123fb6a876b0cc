//! A mini-program as WeChat's server API knows it: its id and its secret.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::malformed::{Malformed, check_id};

/// A mini-program's id (`wx…`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppId(String);

impl AppId {
    /// Takes `text` as an app id.
    ///
    /// # Errors
    /// [`Malformed`] unless it is 1 to 64 characters of `[A-Za-z0-9_-]`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
        let text = text.into();
        check_id("an app id", &text)?;
        Ok(Self(text))
    }

    /// The id as WeChat writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for AppId {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl From<AppId> for String {
    fn from(id: AppId) -> Self {
        id.0
    }
}

/// A mini-program's secret. It is masked in `Debug`, wiped on drop, and can't be serialised.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "String")]
pub struct AppSecret(SecretString);

impl AppSecret {
    /// Takes `text` as a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The secret itself, for a request to WeChat and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for AppSecret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// A mini-program that the server speaks for.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its secret.
    pub secret: AppSecret,
}
