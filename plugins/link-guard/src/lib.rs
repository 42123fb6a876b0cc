#![doc = include_str!("../README.md")]

mod accounts;
mod domains;
mod links;
mod phones;
mod punycode;
mod search;
pub mod settings;

use guard_text::{Fields, Fold};
use teahouse_plugin_sdk::{
    Admission, Filter, Gate, Message, NameCheck, Outcome, Problems, Replacement, Review, Room, Setup, User,
    Verdict,
};

use crate::domains::Domains;
use crate::search::{Find, Search};
use crate::settings::{Action, Settings};

/// Finds that a moderator is shown at most.
const SHOWN: usize = 5;

/// The plugin.
#[derive(Debug)]
pub struct LinkGuard {
    search: Search,
    names: bool,
    exempt_roles: Vec<String>,
    reason: String,
}

impl Setup for LinkGuard {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let fold = Fold::new();
        let mut read = |field: &str, names: &[String]| {
            Domains::read(&fold, names).unwrap_or_else(|problem| {
                problems.add(field, problem);
                Domains::default()
            })
        };
        let allowed = read("allow-domains", &settings.allow_domains);
        let denied = read("deny-domains", &settings.deny_domains);
        let mut mark = settings.mark.chars();
        let (Some(mark), None) = (mark.next().filter(|mark| !mark.is_control()), mark.next()) else {
            problems.add("mark", "one character 应为一个字符");
            return Err(problems);
        };
        problems.or(Self {
            names: settings.names,
            exempt_roles: settings.exempt_roles.clone(),
            reason: settings.reason.clone(),
            search: Search::new(fold, allowed, denied, settings, mark),
        })
    }
}

impl Filter for LinkGuard {
    fn check(&mut self, message: &Message) -> Outcome<Verdict> {
        if self.exempt_roles.contains(&message.role) {
            return Ok(Verdict::Allow);
        }
        let (mut finds, covered) = self.search.text(&message.text);
        let mut fields = message.content.as_deref().and_then(Fields::read);
        if let Some(fields) = &mut fields {
            finds.extend(fields.addresses().iter().filter_map(|address| self.search.address(address)));
            fields.change_texts(|text| {
                let (found, covered) = self.search.text(text);
                finds.extend(found);
                covered
            });
        }
        let Some(worst) = worst(&finds) else { return Ok(Verdict::Allow) };
        if worst.action != Action::Mask {
            return Ok(self.verdict(&finds, worst));
        }
        let (zh, en) = worst.what.words();
        let mut replacement = Replacement::new(covered.unwrap_or_else(|| message.text.clone()))
            .note(format!("{zh}已被遮盖。Covered: {en}."));
        if let Some(fields) = fields {
            replacement = replacement.content(fields.to_json());
        }
        let flagged: Vec<Find> = finds.iter().filter(|find| find.action == Action::Flag).cloned().collect();
        if let Some(worst) = self::worst(&flagged) {
            replacement = replacement.review(review(&flagged, worst));
        }
        Ok(replacement.into())
    }
}

impl Gate for LinkGuard {
    fn check_name(&mut self, name: NameCheck<'_>) -> Outcome<Verdict> {
        if !self.names {
            return Ok(Verdict::Allow);
        }
        let (finds, covered) = self.search.text(name.text);
        let Some(worst) = worst(&finds) else { return Ok(Verdict::Allow) };
        let (zh, en) = worst.what.words();
        if worst.action != Action::Mask {
            return Ok(self.verdict(&finds, worst));
        }
        // A name with stars in it is no name; an announcement is a text like others.
        match covered {
            Some(covered) if name.subject == "announcement" => {
                Ok(Verdict::replace(covered, format!("{zh}已被遮盖。Covered: {en}.")))
            }
            _ => Ok(Verdict::reject(worst.what.code(), self.reason(worst))),
        }
    }

    fn check_join(&mut self, _: &Room, _: &User, word: &str) -> Outcome<Admission> {
        if !self.names {
            return Ok(Admission::Allow);
        }
        let (finds, _) = self.search.text(word);
        Ok(match worst(&finds) {
            None => Admission::Allow,
            Some(worst) if worst.action == Action::Reject => {
                Admission::reject(worst.what.code(), self.reason(worst))
            }
            Some(worst) => Admission::ask(review(&finds, worst)),
        })
    }
}

impl LinkGuard {
    fn verdict(&self, finds: &[Find], worst: &Find) -> Verdict {
        match worst.action {
            Action::Allow => Verdict::Allow,
            Action::Flag => Verdict::flag(review(finds, worst)),
            Action::Hold => Verdict::flag(review(finds, worst).severity(2).held()),
            Action::Mask | Action::Reject => Verdict::reject(worst.what.code(), self.reason(worst)),
        }
    }

    fn reason(&self, worst: &Find) -> String {
        if !self.reason.is_empty() {
            return self.reason.clone();
        }
        let (zh, en) = worst.what.words();
        format!(
            "这里不允许发{zh}。No {} here, please.",
            en.trim_start_matches("an ").trim_start_matches("a ")
        )
    }
}

fn worst(finds: &[Find]) -> Option<&Find> {
    // The first of the strongest.
    finds.iter().rev().max_by_key(|find| find.action)
}

fn review(finds: &[Find], worst: &Find) -> Review {
    let mut details: Vec<&str> = Vec::new();
    for find in std::iter::once(worst).chain(finds) {
        if details.len() < SHOWN && !details.contains(&find.detail.as_str()) {
            details.push(&find.detail);
        }
    }
    Review::new(worst.what.code(), details.join(", "))
}

teahouse_plugin_sdk::export!(LinkGuard with filter, gate);
