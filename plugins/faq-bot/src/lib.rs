#![doc = include_str!("../README.md")]

mod book;
mod counter;
mod handover;
mod settings;

use bot_house::{Event, Server};
use teahouse_plugin_sdk::{Bot, Outcome, Problems, Setup};

pub use book::{Book, Misprint};
pub use counter::Counter;
pub use settings::{QuietFor, Settings, When};

/// The component.
struct FaqBot(Counter);

impl Setup for FaqBot {
    type Config = Settings;

    fn init(settings: Settings) -> Result<Self, Problems> {
        let (settings, book) = settings.checked()?;
        Ok(Self(Counter::new(settings, book)))
    }
}

impl Bot for FaqBot {
    fn handle(&mut self, id: &str, event: &teahouse_plugin_sdk::Event) -> Outcome {
        if let Some(event) = Event::of(event) {
            self.0.handle(&Server, id, &event)?;
        }
        Ok(())
    }
}

teahouse_plugin_sdk::export!(FaqBot with bot);
