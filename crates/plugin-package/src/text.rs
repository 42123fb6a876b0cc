//! What is said to people, always in both languages, and what is wrong with something that a stranger wrote.

use std::fmt;

/// One text in English and in Chinese, without markup: whoever shows it escapes it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Text {
    /// A text of its two languages.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

/// What is wrong with one key of a manifest, one place of a schema or one field of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where, with dots between the levels: `hooks.filter.deadline-ms`, `greeting.text`, `words[3]`. Empty: the whole.
    pub field: String,
    /// What is wrong, and what would be right.
    #[serde(flatten)]
    pub text: Text,
}

impl Problem {
    /// A problem at `field`.
    pub fn new(field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { field: field.into(), text: Text::new(en, zh) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            to.write_str(&self.text.en)
        } else {
            write!(to, "{}: {}", self.field, self.text.en)
        }
    }
}

/// Everything that is wrong at once, in the order of reading; never empty. `Display` has a line for each, in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// An error of `problems`, if there are any.
    ///
    /// # Errors
    /// `Problems`, unless the list is empty.
    pub fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// One problem alone.
    #[must_use]
    pub fn one(problem: Problem) -> Self {
        Self(vec![problem])
    }

    /// The problems, one at least.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problems> for Vec<Problem> {
    fn from(problems: Problems) -> Self {
        problems.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                to.write_str("\n")?;
            }
            problem.fmt(to)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
