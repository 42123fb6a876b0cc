//! Attacks its host in every way that the tests know.
//!
//! A message `!NAME ARGUMENT` is an attack by the filter, before it is stored; `?NAME ARGUMENT` one by the bot, after.
//! The settings `init` and `always` name one for the start, and one for each message; `stamp` is put on every message that
//! is no attack; a bot that is told of an attack later than `stale_ms` lets it be. What an attack met is in the log, as `NAME: OUTCOME`.

mod bot;
mod filter;
mod force;

use serde::Deserialize;
use teahouse_plugin_sdk::{
    Admission, Bot, Edit, Filter, Gate, Message, NameCheck, Outcome, Press, Problems, Reaction, Room, Setup,
    Timer, User, Verdict, env, log,
};

/// Which attacks need no message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    init: String,
    always: String,
    stamp: String,
    stale_ms: u32,
}

/// The attacker.
#[derive(Debug)]
pub struct Hostile {
    always: String,
    stamp: String,
    stale_ms: u32,
}

impl Setup for Hostile {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        match settings.init.as_str() {
            "" => {}
            "problem" => return Err(Problems::at("init", "<script>alert(1)</script>\n\u{202e}evil")),
            attack => force::run(attack),
        }
        Ok(Self { always: settings.always, stamp: settings.stamp, stale_ms: settings.stale_ms })
    }
}

impl Filter for Hostile {
    fn check(&mut self, message: &Message) -> Outcome<Verdict> {
        let asked = words(&message.text, '!');
        let (attack, argument) = asked.unwrap_or((&self.always, ""));
        match (attack, self.stamp.as_str()) {
            ("", "") => Ok(Verdict::Allow),
            ("", stamp) => Ok(Verdict::replace(format!("{} [{stamp}]", message.text), "stamped")),
            (attack, _) => filter::attack(attack, argument, message),
        }
    }

    fn check_edit(&mut self, _: &Message, after: &Message) -> Outcome<Verdict> {
        self.check(after)
    }
}

impl Gate for Hostile {
    fn check_name(&mut self, name: NameCheck<'_>) -> Outcome<Verdict> {
        if let Some((attack, _)) = words(name.text, '!') {
            force::run(attack);
        }
        Ok(Verdict::Allow)
    }

    fn check_join(&mut self, _: &Room, _: &User, word: &str) -> Outcome<Admission> {
        if let Some((attack, _)) = words(word, '!') {
            force::run(attack);
        }
        Ok(Admission::Allow)
    }
}

impl Bot for Hostile {
    fn posted(&mut self, id: &str, message: &Message) -> Outcome {
        match words(&message.text, '?') {
            Some((attack, _)) if self.is_over(message) => {
                log::debug(&format!("{attack}: over"), &[]);
                Ok(())
            }
            Some((attack, argument)) => bot::attack(attack, argument, id, message),
            None => bot::answer(message),
        }
    }

    fn edited(&mut self, _: &str, edit: &Edit) -> Outcome {
        bot::edit_again(&edit.after)
    }

    fn reacted(&mut self, _: &str, reaction: &Reaction) -> Outcome {
        bot::react_again(reaction)
    }

    fn pressed(&mut self, _: &str, press: &Press) -> Outcome {
        log::info("pressed", &[("button", &press.button), ("value", &press.value), ("user", &press.user.id)]);
        Ok(())
    }

    fn timer(&mut self, _: &str, timer: &Timer) -> Outcome {
        log::info("timer", &[("name", &timer.name)]);
        Ok(())
    }
}

impl Hostile {
    /// Whether an attack through the bot comes too late: told again after each failure, it would go on for a minute.
    fn is_over(&self, message: &Message) -> bool {
        self.stale_ms > 0 && env::now() - message.at > f64::from(self.stale_ms)
    }
}

/// `NAME ARGUMENT` of a text that begins with `mark`.
fn words(text: &str, mark: char) -> Option<(&str, &str)> {
    let text = text.strip_prefix(mark)?;
    Some(text.split_once(' ').unwrap_or((text, "")))
}

/// Writes what an attack met.
fn tell(attack: &str, outcome: &str) {
    log::info(&format!("{attack}: {outcome}"), &[]);
}

/// The words for an answer of the host.
fn outcome<T>(answer: Result<T, teahouse_plugin_sdk::Error>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(error) => error.to_string(),
    }
}

teahouse_plugin_sdk::export!(Hostile with filter, gate, bot);
