//! A plugin's name for machines.

use std::{fmt, str::FromStr, sync::Arc};

/// A plugin's id: reverse DNS (`org.example.word-guard`), lower-case letters, digits, `-` and `.`, at most 64
/// characters. It never changes, and a clone costs a counter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId(Arc<str>);

/// Not a plugin's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a plugin's id is reverse DNS such as org.example.word-guard: two labels or more of a-z, 0-9 and inner hyphens, \
     at most 64 characters"
)]
pub struct InvalidPluginId;

impl PluginId {
    /// Most characters of an id.
    pub const MAX_LENGTH: usize = 64;

    /// Takes `text` as an id.
    ///
    /// # Errors
    /// [`InvalidPluginId`] unless it has the form above.
    pub fn parse(text: &str) -> Result<Self, InvalidPluginId> {
        let well_formed =
            text.len() <= Self::MAX_LENGTH && text.contains('.') && text.split('.').all(is_label);
        if well_formed { Ok(Self(text.into())) } else { Err(InvalidPluginId) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as shared text.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The last label, by which files are named: `word-guard`.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or(&self.0)
    }
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}

impl fmt::Display for PluginId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl fmt::Debug for PluginId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "PluginId({})", self.0)
    }
}

impl FromStr for PluginId {
    type Err = InvalidPluginId;

    fn from_str(text: &str) -> Result<Self, InvalidPluginId> {
        Self::parse(text)
    }
}

impl serde::Serialize for PluginId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for PluginId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_reverse_dns() {
        for good in ["org.example.word-guard", "a.b", "x1.2y", "org.example.3"] {
            assert_eq!(PluginId::parse(good).unwrap().as_str(), good);
        }
        let long = format!("a.{}", "b".repeat(62));
        assert_eq!(long.len(), 64);
        assert!(PluginId::parse(&long).is_ok());
        assert!(PluginId::parse(&format!("{long}b")).is_err());
        for bad in [
            "", "a", ".", "a.", ".a", "a..b", "A.b", "a.b/c", "a.-b", "a.b-", "a.b c", "../a.b", "a.茶",
            "a_b.c",
        ] {
            assert!(PluginId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn files_are_named_by_the_last_label() {
        assert_eq!(PluginId::parse("org.example.word-guard").unwrap().slug(), "word-guard");
    }
}
