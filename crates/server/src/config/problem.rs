//! What is wrong with the configuration, where, and what would be right.

use std::fmt;
use std::path::PathBuf;

/// Where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere: the key's own default.
    Default,
    /// Nowhere: the default of development mode.
    DevelopmentDefault,
    /// A configuration file.
    File {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1, where known.
        line: Option<usize>,
    },
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl Origin {
    /// Whether somebody wrote it.
    pub(crate) const fn is_written(&self) -> bool {
        !matches!(self, Self::Default | Self::DevelopmentDefault)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::DevelopmentDefault => f.write_str("default of development mode"),
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => path.display().fmt(f),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    origin: Origin,
    text: String,
}

impl Problem {
    /// `text` is wrong with what stands at `origin`.
    pub(crate) fn new(origin: Origin, text: impl Into<String>) -> Self {
        Self { origin, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin.is_written() {
            true => write!(f, "{}: {}", self.origin, self.text),
            false => f.write_str(&self.text),
        }
    }
}

/// All that is wrong: one run names everything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is wrong")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// The word among `known` that was probably meant by `written`.
pub(crate) fn meant<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 5)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_nonsense_is_not() {
        let known = ["server.listen", "server.workers", "log.level"];
        assert_eq!(meant("server.lisen", known.into_iter()), Some("server.listen"));
        assert_eq!(meant("server.wokrers", known.into_iter()), Some("server.workers"));
        assert_eq!(meant("kitchen.kettle", known.into_iter()), None);
    }
}
