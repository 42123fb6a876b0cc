//! The REST surface over real accounts and a real conversation, in one process, without a socket.

#![expect(clippy::unwrap_used, reason = "what fails in the kit fails the test")]

mod counting;
mod document;
mod kit;
mod messages;
mod parameters;
mod people;
mod plugins;
mod problems;
mod rooms;
mod sign_in;
mod tutorial;
mod twice;
mod wafer;
