//! Wrong usage, apart from work that failed.

/// The command was used wrongly, or something that it needs is not there: nothing was tried. A program that embeds the
/// commands ends with status 2 for it, and with 1 for other errors.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misused(String);

impl Misused {
    /// Says what is wrong and what to do next.
    pub(crate) fn because(text: impl Into<String>) -> anyhow::Error {
        Self(text.into()).into()
    }
}
