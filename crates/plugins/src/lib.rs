#![doc = include_str!("../README.md")]

mod config;
mod error;
pub mod lifecycle;
mod policy;

pub use config::PluginsConfig;
pub use error::Error;
pub use policy::{HookPolicy, LimitPolicy, Policy};
