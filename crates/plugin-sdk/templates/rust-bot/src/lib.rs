//! {{name}}: rolls dice. `/roll 2d6` rolls two of six sides, and a button rolls them again.

use serde::Deserialize;
use teahouse_plugin_sdk::{
    Bot, Button, Command, Draft, Failure, Outcome, Press, Problems, Setup, env, messages,
};

/// The settings, as `config.schema.json` describes them.
#[derive(Deserialize)]
pub struct Settings {
    most: u32,
}

/// Kept between calls, so only what `init` can make again.
pub struct Dice {
    most: u32,
}

impl Setup for Dice {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        Ok(Self { most: settings.most })
    }
}

impl Bot for Dice {
    fn command(&mut self, id: &str, command: &Command) -> Outcome {
        let message = &command.message;
        let words = if command.args.trim().is_empty() { "1d6" } else { command.args.trim() };
        let answer = match self.read(words) {
            Some((count, sides)) => {
                rolled(&message.room, &message.sender.name, words, count, sides)
            }
            None => Draft::reply(message, format!("例如 For example: /roll 2d6 (≤ {})", self.most))
                .only_for(&message.sender.id),
        };
        // The event may come twice; with its id as the key, the answer is sent once.
        messages::send_once(id, &answer)?;
        Ok(())
    }

    fn pressed(&mut self, id: &str, press: &Press) -> Outcome {
        let (count, sides) =
            self.read(&press.value).ok_or_else(|| Failure::new("a button without dice"))?;
        messages::send_once(
            id,
            &rolled(&press.room, &press.user.name, &press.value, count, sides),
        )?;
        Ok(())
    }
}

impl Dice {
    /// Reads "2d6" as (2, 6).
    fn read(&self, words: &str) -> Option<(u32, u32)> {
        let (count, sides) = words.split_once(['d', 'D'])?;
        let count = if count.is_empty() { 1 } else { count.parse().ok()? };
        let sides = sides.parse().ok()?;
        ((1..=self.most).contains(&count) && (2..=9999).contains(&sides)).then_some((count, sides))
    }
}

fn rolled(room: &str, name: &str, words: &str, count: u32, sides: u32) -> Draft {
    let eyes: Vec<u32> = (0..count).map(|_| 1 + env::random_below(sides)).collect();
    let sum: u32 = eyes.iter().sum();
    let shown = eyes.iter().map(u32::to_string).collect::<Vec<_>>().join(" + ");
    Draft::card(room, &format!("🎲 {name}: {sum}"), &format!("{words} → {shown}"))
        .row([Button::new("again", "再来 Again").value(words).primary()])
}

teahouse_plugin_sdk::export!(Dice with bot);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use teahouse_plugin_sdk::testkit;

    use super::*;

    #[test]
    fn a_roll_is_answered_once_however_often_it_comes() {
        let host = testkit::Host::new();
        let mut dice: Dice = testkit::plugin(&json!({ "most": 10 })).unwrap();
        let roll = testkit::command("roll", "2d6", &json!({}));
        dice.command("event-1", &roll).unwrap();
        dice.command("event-1", &roll).unwrap();
        assert_eq!(host.sent().len(), 1);
        assert_eq!(host.sent()[0].draft.buttons[0][0].value, "2d6");
    }

    #[test]
    fn without_its_capability_it_fails_and_says_why() {
        let host = testkit::Host::new();
        host.deny("messages");
        let mut dice: Dice = testkit::plugin(&json!({ "most": 10 })).unwrap();
        let failure =
            dice.command("event-1", &testkit::command("roll", "", &json!({}))).unwrap_err();
        assert_eq!(failure.text(), "denied: messages");
    }
}
