#![doc = include_str!("../README.md")]

mod ask;
mod calls;
mod chance;
mod clock;
mod config;
mod control;
mod courier;
mod door;
mod phone;
mod push;
mod reach;
mod refusal;
mod simulator;
mod state;

pub use config::{AppConfig, Config, Limit, PersonConfig, PushConfig, PushFormat, PushMode, TemplateConfig};
pub use push::cipher::PushKey;
pub use reach::Reach;
pub use simulator::Simulator;
pub use state::words::Words;
