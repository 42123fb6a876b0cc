#![doc = include_str!("../README.md")]

mod command;
mod misused;
mod project;

mod build;
mod scaffold;

mod house;
mod sandbox;

mod attempt;
mod bench;
mod cases;
mod check;

mod dev;
mod ship;

pub use command::AuthorCommand;
pub use misused::Misused;
