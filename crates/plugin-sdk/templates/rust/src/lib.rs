//! {{name}}: refuses messages with words that the operator doesn't want.

use serde::Deserialize;
use teahouse_plugin_sdk::{Filter, Message, Outcome, Problems, Setup, Verdict};

/// The settings, as `config.schema.json` describes them.
#[derive(Deserialize)]
pub struct Settings {
    words: Vec<String>,
}

/// Kept between calls, so only what `init` can make again.
pub struct WordGuard {
    words: Vec<String>,
}

impl Setup for WordGuard {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        if settings.words.iter().any(|word| word.trim().is_empty()) {
            return Err(Problems::at("words", "a word is empty"));
        }
        Ok(Self { words: settings.words.iter().map(|word| word.to_lowercase()).collect() })
    }
}

impl Filter for WordGuard {
    fn check(&mut self, message: &Message) -> Outcome<Verdict> {
        let text = message.text.to_lowercase();
        Ok(match self.words.iter().any(|word| text.contains(word)) {
            true => Verdict::reject("word", "请换个说法。Please say it in other words."),
            false => Verdict::Allow,
        })
    }
}

teahouse_plugin_sdk::export!(WordGuard with filter);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use teahouse_plugin_sdk::testkit;

    use super::*;

    #[test]
    fn a_listed_word_is_refused_in_any_case() {
        let mut guard: WordGuard = testkit::plugin(&json!({ "words": ["Spam"] })).unwrap();
        assert!(matches!(guard.check(&testkit::message("SPAM!")), Ok(Verdict::Reject(_))));
        assert_eq!(guard.check(&testkit::message("tea")), Ok(Verdict::Allow));
    }

    #[test]
    fn an_empty_word_is_a_problem_of_its_field() {
        let problems = testkit::plugin::<WordGuard>(&json!({ "words": [" "] })).err().unwrap();
        assert_eq!(problems.as_slice()[0].field, "words");
    }
}
