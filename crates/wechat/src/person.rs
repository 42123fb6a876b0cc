//! Who WeChat says someone is: an id within one app, and perhaps one across the apps of an owner.

use std::fmt;

use serde::Deserialize;

use crate::malformed::{Malformed, check_id};

/// A person within one app. Another app knows the same person by another openid. `Debug` masks it: openids are
/// personal data and stay out of logs.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct OpenId(String);

/// A person across the apps that are bound to one open-platform account. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct UnionId(String);

impl OpenId {
    /// Takes `text` as an openid.
    ///
    /// # Errors
    /// [`Malformed`] unless it is 1 to 64 characters of `[A-Za-z0-9_-]`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
        let text = text.into();
        check_id("an openid", &text)?;
        Ok(Self(text))
    }

    /// The id as WeChat writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UnionId {
    /// Takes `text` as a unionid.
    ///
    /// # Errors
    /// [`Malformed`] unless it is 1 to 64 characters of `[A-Za-z0-9_-]`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
        let text = text.into();
        check_id("a unionid", &text)?;
        Ok(Self(text))
    }

    /// The id as WeChat writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OpenId {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl TryFrom<String> for UnionId {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl fmt::Debug for OpenId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OpenId(***)")
    }
}

impl fmt::Debug for UnionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("UnionId(***)")
    }
}
