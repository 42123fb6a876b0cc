#![doc = include_str!("../README.md")]

mod settings;
mod template;
mod welcome;

use bot_house::{Event, Server};
use teahouse_plugin_sdk::{Bot, Outcome, Problems, Setup};

pub use settings::Settings;
pub use welcome::Welcome;

/// The component.
struct WelcomeBot(Welcome);

impl Setup for WelcomeBot {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        Ok(Self(Welcome::new(settings.checked()?)))
    }
}

impl Bot for WelcomeBot {
    fn handle(&mut self, id: &str, event: &teahouse_plugin_sdk::Event) -> Outcome {
        if let Some(event) = Event::of(event) {
            self.0.handle(&Server, id, &event)?;
        }
        Ok(())
    }
}

teahouse_plugin_sdk::export!(WelcomeBot with bot);
