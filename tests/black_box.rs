//! The black-box tests: one folder a capability, one file a situation.

mod authors;
mod bad_input;
mod browser;
mod commands;
mod development;
mod docs;
mod faults;
mod limits;
mod messages;
mod openapi;
mod plugins;
mod rooms;
mod sign_in;
mod tls;
mod wafer;
