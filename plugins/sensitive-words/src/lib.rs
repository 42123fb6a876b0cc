#![doc = include_str!("../README.md")]

mod automaton;
pub mod dictionary;
pub mod judge;
pub mod list;
pub mod settings;
mod words_of;

use guard_text::{Fields, Fold};
use teahouse_plugin_sdk::{
    Admission, Filter, Gate, Message, NameCheck, Outcome, Problems, Replacement, Review, Room, Setup, User,
    Verdict, log,
};

use crate::judge::{Found, Judge};
use crate::list::Action;
use crate::settings::Settings;
use crate::words_of::{Place, code, masked, note, refusal};

/// The most signs that may be skipped.
const MAX_SKIP: u8 = 8;

/// The plugin.
#[derive(Debug)]
pub struct SensitiveWords {
    judge: Judge,
    names: bool,
    exempt_roles: Vec<String>,
    reason: String,
}

impl Setup for SensitiveWords {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let fold = Fold::new();
        if settings.skip > MAX_SKIP {
            problems.add("skip", format!("0 … {MAX_SKIP}"));
        }
        let mut mark = settings.mark.chars();
        let (Some(mark), None) = (mark.next().filter(|mark| !mark.is_control()), mark.next()) else {
            problems.add("mark", "one character 应为一个字符");
            return Err(problems);
        };
        let dictionary = match settings.dictionary(&fold) {
            Ok(dictionary) => dictionary,
            Err(problem) => {
                problems.add("words", problem);
                return Err(problems);
            }
        };
        log::debug(&format!("{} words", dictionary.len()), &[]);
        problems.or(Self {
            judge: Judge::new(fold, dictionary, settings.skip, mark),
            names: settings.names,
            exempt_roles: settings.exempt_roles,
            reason: settings.reason,
        })
    }
}

impl Filter for SensitiveWords {
    fn check(&mut self, message: &Message) -> Outcome<Verdict> {
        if self.exempt_roles.contains(&message.role) {
            return Ok(Verdict::Allow);
        }
        let mut found = self.judge.look(&message.text);
        let mut fields = message.content.as_deref().and_then(Fields::read);
        for text in fields.iter().flat_map(Fields::texts) {
            found = match found {
                Some(found) => Some(found.and(self.judge.look(text))),
                None => self.judge.look(text),
            };
        }
        let Some(found) = found else { return Ok(Verdict::Allow) };
        if found.action != Action::Mask {
            return Ok(self.verdict(&found, Place::Message));
        }
        if let Some(fields) = &mut fields {
            fields.change_texts(|text| self.judge.cover(text));
        }
        let text = self.judge.cover(&message.text).unwrap_or_else(|| message.text.clone());
        let mut replacement = Replacement::new(text).note(masked(&found));
        if let Some(fields) = fields {
            replacement = replacement.content(fields.to_json());
        }
        Ok(with_review(replacement, &found).into())
    }
}

impl Gate for SensitiveWords {
    fn check_name(&mut self, name: NameCheck<'_>) -> Outcome<Verdict> {
        let found = if self.names { self.judge.look(name.text) } else { None };
        let Some(found) = found else { return Ok(Verdict::Allow) };
        // A name with stars in it is no name; an announcement is a text like others.
        if found.action == Action::Mask && name.subject == "announcement" {
            let text = self.judge.cover(name.text).unwrap_or_else(|| name.text.to_owned());
            return Ok(with_review(Replacement::new(text).note(masked(&found)), &found).into());
        }
        Ok(self.verdict(&found, Place::Name))
    }

    fn check_join(&mut self, _: &Room, _: &User, word: &str) -> Outcome<Admission> {
        let found = if self.names { self.judge.look(word) } else { None };
        Ok(match found {
            None => Admission::Allow,
            Some(found) if found.action == Action::Reject => {
                Admission::reject(code(&found.category), self.reason(&found, Place::Door))
            }
            Some(found) => Admission::ask(review(&found)),
        })
    }
}

impl SensitiveWords {
    fn verdict(&self, found: &Found, place: Place) -> Verdict {
        match found.action {
            Action::Allow => Verdict::Allow,
            Action::Flag => Verdict::flag(review(found)),
            Action::Hold => Verdict::flag(review(found).severity(2).held()),
            Action::Mask | Action::Reject => {
                Verdict::reject(code(&found.category), self.reason(found, place))
            }
        }
    }

    fn reason(&self, found: &Found, place: Place) -> String {
        if self.reason.is_empty() { refusal(found, place) } else { self.reason.clone() }
    }
}

fn review(found: &Found) -> Review {
    Review::new(code(&found.category), note(found))
}

fn with_review(replacement: Replacement, found: &Found) -> Replacement {
    if found.flagged { replacement.review(review(found)) } else { replacement }
}

teahouse_plugin_sdk::export!(SensitiveWords with filter, gate);
