#![doc = include_str!("../README.md")]

mod ask;
mod calls;
mod chance;
mod clock;
mod config;
mod control;
mod door;
mod phone;
mod refusal;
mod simulator;
mod state;

pub use config::{AppConfig, Config, Limit, PersonConfig};
pub use simulator::Simulator;
