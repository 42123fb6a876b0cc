//! In which language a bot speaks.

use serde::Deserialize;

/// A bot doesn't know who reads a room, so it speaks both languages unless its operator chose one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Language {
    /// Chinese, then English.
    #[default]
    #[serde(rename = "both")]
    Both,
    /// Chinese.
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Both on one line: for labels and short answers.
    #[must_use]
    pub fn short(self, chinese: &str, english: &str) -> String {
        self.joined(chinese, english, " ")
    }

    /// Each on a line of its own: for sentences.
    #[must_use]
    pub fn lines(self, chinese: &str, english: &str) -> String {
        self.joined(chinese, english, "\n")
    }

    fn joined(self, chinese: &str, english: &str, between: &str) -> String {
        match self {
            Self::Both => format!("{chinese}{between}{english}"),
            Self::Chinese => chinese.to_owned(),
            Self::English => english.to_owned(),
        }
    }
}
