#![doc = include_str!("../README.md")]

mod counters;
mod fingerprint;
mod rules;
pub mod settings;

use teahouse_plugin_sdk::{
    Admission, Filter, Gate, Message, Outcome, Problems, Review, Room, Setup, User, Verdict,
};

use crate::counters::Counters;
use crate::fingerprint::Scanner;
use crate::rules::{Broken, Rules};
use crate::settings::{Action, Limit, Limits, Settings};

/// The plugin.
#[derive(Debug)]
pub struct FloodGuard {
    rules: Rules,
    exempt_roles: Vec<String>,
}

impl Setup for FloodGuard {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let limits = Limits::of(&settings, &mut problems);
        let (counters, scanner) = (Counters::default(), Scanner::default());
        problems.or(Self {
            rules: Rules { limits, raid_letters: settings.raid_letters, counters, scanner },
            exempt_roles: settings.exempt_roles,
        })
    }
}

impl Filter for FloodGuard {
    fn check(&mut self, message: &Message) -> Outcome<Verdict> {
        if self.exempt_roles.contains(&message.role) {
            return Ok(Verdict::Allow);
        }
        Ok(verdict(self.rules.broken(message)))
    }

    /// An edit makes no more messages, so that only what it says counts.
    fn check_edit(&mut self, _: &Message, after: &Message) -> Outcome<Verdict> {
        if self.exempt_roles.contains(&after.role) {
            return Ok(Verdict::Allow);
        }
        Ok(verdict(self.rules.broken_alone(after)))
    }
}

impl Gate for FloodGuard {
    fn check_join(&mut self, room: &Room, _: &User, _: &str) -> Outcome<Admission> {
        let limit = self.rules.limits.joins;
        if !limit.is_on() {
            return Ok(Admission::Allow);
        }
        let came = self.rules.counters.add(&format!("j/{}", room.id), 1, limit.window);
        if !limit.is_over(came) {
            return Ok(Admission::Allow);
        }
        let seconds = limit.window.as_secs();
        Ok(match limit.action {
            Action::Reject => Admission::reject(
                "joins",
                format!(
                    "现在进来的人太多了，请 {seconds} 秒后再试。Many people are coming in; please wait {seconds} seconds."
                ),
            ),
            Action::Flag | Action::Hold => {
                let note = format!("more than {} people came within {seconds} s", limit.limit);
                Admission::ask(Review::new("joins", note).severity(2))
            }
        })
    }
}

fn verdict(broken: Option<(Broken, Limit)>) -> Verdict {
    let Some((rule, limit)) = broken else { return Verdict::Allow };
    let review = || Review::new(rule.code(), rule.note(limit));
    match limit.action {
        Action::Flag => Verdict::flag(review()),
        Action::Hold => Verdict::flag(review().severity(2).held()),
        Action::Reject => Verdict::reject(rule.code(), rule.reason(limit)),
    }
}

teahouse_plugin_sdk::export!(FloodGuard with filter, gate);
