#![doc = include_str!("../README.md")]

mod command;
mod config;
mod http;
mod logging;
mod secret_key;
mod serve;
mod simulator;
mod tls;

#[cfg(test)]
mod golden;

pub use command::main;
