#![doc = include_str!("../README.md")]

mod config;
mod error;
mod party;
mod policy;

mod bots;
mod chain;
mod convert;
mod hooks;
pub mod lifecycle;
mod plugins;
mod reading;
mod registry;
mod replay;
mod rounds;
mod services;
mod stats;
mod verdicts;

pub use config::PluginsConfig;
pub use error::Error;
pub use plugins::{Plugins, PluginsParts, PluginsTasks};
pub use policy::{HookPolicy, LimitPolicy, Policy};
pub use registry::{LoadProblem, QueueStats};
pub use replay::{Candidate, Change, Progress, Replay, ReplayReport, Said};
pub use services::Refused;
pub use stats::{PluginNode, PluginState, PluginStats, RecordStats, VerdictFilter, VerdictView};
