//! Plugins at work, through the crate's public face: real components in the real sandbox, a real conversation, both
//! databases, and a clock that is moved by hand. The probe of `tests/components/probe` does as people tell it.
//!
//! Run by `cargo xtask test` or under `cargo xtask env`, which build the components.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

mod bots;
mod filters;
mod nodes;
mod queue;
mod replays;
mod services;
mod switching;
mod timers;
