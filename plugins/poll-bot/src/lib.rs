#![doc = include_str!("../README.md")]

mod ask;
mod ballot;
mod card;
mod poll;
mod polls;
mod settings;

use bot_house::{Event, Server};
use teahouse_plugin_sdk::{Bot, Outcome, Problems, Setup};

pub use polls::Polls;
pub use settings::{Settings, Who};

/// The component.
struct PollBot(Polls);

impl Setup for PollBot {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        Ok(Self(Polls::new(settings.checked()?)))
    }
}

impl Bot for PollBot {
    fn handle(&mut self, id: &str, event: &teahouse_plugin_sdk::Event) -> Outcome {
        if let Some(event) = Event::of(event) {
            self.0.handle(&Server, id, &event)?;
        }
        Ok(())
    }
}

teahouse_plugin_sdk::export!(PollBot with bot);
