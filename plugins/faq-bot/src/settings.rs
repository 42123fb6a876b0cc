//! What the operator set.

use std::time::Duration;

use bot_house::{Language, normal};
use serde::Deserialize;
use teahouse_plugin_sdk::Problems;

use crate::book::Book;

/// Enough people for a counter, and few enough to be asked about one by one.
const MAX_PEOPLE: usize = 10;

const ANSWERS: &str = "# 怎么用, 帮助, help, how does this work
直接说出你的问题就行；输入 /faq 看看都能问什么。
Just ask; /faq shows what I can answer.
> 转人工 Talk to a person -> @person

# 联系客服, 联系方式, contact, support
说一声“转人工”，就会有人来。
Say “talk to a person”, and somebody will come.
> 转人工 Talk to a person -> @person";

/// When a message is answered without being asked by `/faq`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum When {
    /// Whenever a keyword stands in it.
    #[default]
    #[serde(rename = "keyword")]
    Keyword,
    /// Only where it looks like a question.
    #[serde(rename = "question")]
    Question,
    /// Never.
    #[serde(rename = "command")]
    Command,
}

/// For whom the bot is quiet once a person was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum QuietFor {
    /// For who called.
    #[default]
    #[serde(rename = "person")]
    Person,
    /// For everybody in the room.
    #[serde(rename = "room")]
    Room,
}

/// The settings; `config.schema.json` says the same to the panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The answers; the format is told in the book's module and in the README.
    pub answers: String,
    /// When it answers.
    pub when: When,
    /// The same answer at most once a room in this time.
    pub cooldown_s: u32,
    /// The heading of the list of topics.
    pub title: String,
    /// The ids of those who are called when somebody wants a person.
    pub people: Vec<String>,
    /// What people say when they want a person.
    pub person_words: Vec<String>,
    /// For how long the bot is quiet then.
    pub quiet_minutes: u32,
    /// For whom.
    pub quiet_for: QuietFor,
    /// In which language buttons and answers of its own are.
    pub language: Language,
}

impl Default for Settings {
    fn default() -> Self {
        let words = ["转人工", "人工客服", "找客服", "talk to a person", "human agent"];
        Self {
            answers: ANSWERS.to_owned(),
            when: When::Keyword,
            cooldown_s: 30,
            title: "常见问题 Frequent questions".to_owned(),
            people: Vec::new(),
            person_words: words.map(str::to_owned).to_vec(),
            quiet_minutes: 30,
            quiet_for: QuietFor::Person,
            language: Language::Both,
        }
    }
}

impl Settings {
    /// The settings, where they can work.
    ///
    /// # Errors
    /// What is wrong, beside its field.
    pub fn checked(self) -> Result<(Self, Book), Problems> {
        let mut problems = Problems::new();
        if self.title.trim().is_empty() {
            problems.add("title", "写一个标题。 Write a heading.".to_owned());
        }
        if self.people.len() > MAX_PEOPLE {
            problems.add("people", format!("最多 {MAX_PEOPLE} 人。 At most {MAX_PEOPLE} people."));
        }
        if self.quiet_minutes == 0 {
            problems.add("quiet_minutes", "至少 1 分钟。 At least a minute.".to_owned());
        }
        let book = Book::read(&self.answers).unwrap_or_else(|misprints| {
            let lines = misprints.iter().map(|m| format!("第 {0} 行 line {0}: {1}", m.line, m.why));
            problems.add("answers", lines.collect::<Vec<_>>().join("\n"));
            Book::default()
        });
        problems.or((self, book))
    }

    /// Whether these words ask for a person.
    pub(crate) fn wants_person(&self, said: &str) -> bool {
        let said = normal(said);
        self.person_words.iter().map(|word| normal(word)).any(|word| !word.is_empty() && said.contains(&word))
    }

    /// Whether a message that nobody addressed to the bot may be answered.
    pub(crate) fn listens(&self, said: &str) -> bool {
        match self.when {
            When::Keyword => true,
            When::Question => is_question(said),
            When::Command => false,
        }
    }

    pub(crate) const fn quiet(&self) -> Duration {
        Duration::from_secs(self.quiet_minutes as u64 * 60)
    }
}

fn is_question(said: &str) -> bool {
    const STARTS: [&str; 9] = ["how", "what", "when", "where", "why", "who", "can ", "is ", "do "];
    const WORDS: [&str; 10] = ["吗", "呢", "怎么", "什么", "多少", "多久", "几点", "哪", "如何", "请问"];
    let said = normal(said);
    said.ends_with('?')
        || STARTS.iter().any(|word| said.starts_with(word))
        || WORDS.iter().any(|word| said.contains(word))
}
