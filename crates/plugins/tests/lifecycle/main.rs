//! Plugins installed, agreed to, set up, upgraded and thrown out, through the crate's public face: each test on both
//! databases. Components are tried by a script here; `components.rs` tries real ones in the real sandbox.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

mod bundled;
mod components;
mod consent;
mod install;
mod settings;
mod uninstall;
mod upgrade;
