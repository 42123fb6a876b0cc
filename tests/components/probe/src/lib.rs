//! Does as it is told: what a person writes says which verdict its filter half gives, and what its bot half does. So a
//! test shows in one line what a plugin may, and what becomes of it.

mod orders;

use serde::Deserialize;
use teahouse_plugin_sdk::{
    Admission, Bot, Button, Command, Draft, Failure, Filter, Gate, Holding, Membership, Message, NameCheck,
    Outcome, Press, Problems, Reaction, Review, Room, Setup, Timer, User, Verdict, kv, messages, moderation,
};

/// What it is set to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A word that it refuses.
    word: String,
    /// What it refuses to start with.
    broken: bool,
}

/// The component.
#[derive(Debug)]
pub struct Probe(Settings);

impl Setup for Probe {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        if settings.broken {
            return Err(Problems::at("broken", "it was told to be"));
        }
        Ok(Self(settings))
    }
}

impl Filter for Probe {
    fn check(&mut self, message: &Message) -> Outcome<Verdict> {
        if !self.0.word.is_empty() && message.text.contains(&self.0.word) {
            return Ok(Verdict::reject("word", "that word again"));
        }
        let (order, rest) = message.text.split_once(' ').unwrap_or((&message.text, ""));
        Ok(match order {
            "reject" => Verdict::reject(rest, "you asked for it"),
            "replace" => Verdict::replace(rest, "as you wished"),
            "replace-badly" => Verdict::replace("\u{0}", ""),
            "flag" => Verdict::flag(Review::new(rest, "look at this").severity(2)),
            "hold" => Verdict::flag(Review::new(rest, "wait for it").severity(3).held()),
            "shadow" => Verdict::shadow(Review::new(rest, "nobody sees it")),
            "err" => return Err(Failure::new(rest)),
            "trap" => panic!("as told"),
            "spin" => loop {
                std::hint::black_box(rest);
            },
            "count" => {
                let ttl = Some(std::time::Duration::from_secs(60));
                let count = kv::increment(&format!("count/{}", message.sender.id), 1, ttl)?;
                Verdict::reject(format!("n{count}"), "counted")
            }
            _ => Verdict::Allow,
        })
    }
}

impl Gate for Probe {
    fn check_name(&mut self, name: NameCheck<'_>) -> Outcome<Verdict> {
        Ok(match name.text {
            "bad" => Verdict::reject("bad-name", "no"),
            "shout" => Verdict::replace("whisper", "quieter"),
            "odd" => Verdict::flag(Review::new("odd-name", "hm")),
            "wait" => Verdict::flag(Review::new("late-name", "somebody should look").held()),
            // What nobody may be called.
            "nothing" => Verdict::replace("", "no name at all"),
            "trap" => panic!("as told"),
            _ => Verdict::Allow,
        })
    }

    fn check_join(&mut self, _: &Room, user: &User, word: &str) -> Outcome<Admission> {
        Ok(match word {
            "no" => Admission::reject("no-entry", "not today"),
            "please" => Admission::ask(Review::new("asks", user.name.clone())),
            "trap" => panic!("as told"),
            _ => Admission::Allow,
        })
    }
}

impl Bot for Probe {
    fn posted(&mut self, id: &str, message: &Message) -> Outcome {
        orders::carry_out(id, message)
    }

    fn edited(&mut self, id: &str, edit: &teahouse_plugin_sdk::Edit) -> Outcome {
        if edit.after.text.starts_with("swing ") {
            // Another's message can't be edited: a bot answers by an edit of its own.
            return orders::swing(id, &edit.after);
        }
        if !edit.after.sender.is_bot {
            say(id, &edit.after.room, &format!("edited: {}", edit.after.text))?;
        }
        Ok(())
    }

    fn recalled(&mut self, id: &str, message: &Message) -> Outcome {
        say(id, &message.room, &format!("recalled: [{}]", message.text))
    }

    fn reacted(&mut self, id: &str, reaction: &Reaction) -> Outcome {
        say(id, &reaction.room, &format!("reacted: {}", reaction.emoji))
    }

    fn member(&mut self, id: &str, membership: &Membership) -> Outcome {
        if membership.user.is_bot {
            return Ok(());
        }
        say(id, &membership.room.id, &format!("{}: {}", membership.change, membership.user.name))
    }

    fn command(&mut self, id: &str, command: &Command) -> Outcome {
        let room = &command.message.room;
        let card =
            Draft::card(room, &command.name, &command.options).row([Button::new("go", "Go").value("42")]);
        messages::send_once(id, &card)?;
        Ok(())
    }

    fn pressed(&mut self, id: &str, press: &Press) -> Outcome {
        say(id, &press.room, &format!("pressed {}={} by {}", press.button, press.value, press.user.name))
    }

    fn timer(&mut self, id: &str, timer: &Timer) -> Outcome {
        kv::increment(&orders::fired(&timer.name), 1, None)?;
        say(id, &timer.payload, &format!("timer {} missed {}", timer.name, timer.missed))
    }

    fn held(&mut self, id: &str, holding: &Holding) -> Outcome {
        match holding.review.code.as_str() {
            "release" => moderation::release(&holding.message.id)?,
            "refuse" => moderation::remove(&holding.message.id, "refused by the probe")?,
            _ => say(id, &holding.message.room, "something waits")?,
        }
        Ok(())
    }
}

/// Says `text`, once for each event.
pub(crate) fn say(id: &str, room: &str, text: &str) -> Outcome {
    messages::send_once(id, &Draft::text(room, text))?;
    Ok(())
}

teahouse_plugin_sdk::export!(Probe with filter, gate, bot);
