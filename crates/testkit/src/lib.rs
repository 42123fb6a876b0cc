#![doc = include_str!("../README.md")]

mod clock;
mod database;
mod run;

pub use clock::clock;
pub use database::{Engine, TestDatabase, count};
pub use run::{Fixture, run};
