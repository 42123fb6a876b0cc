#![doc = include_str!("../README.md")]

mod db;
pub mod entity;
mod error;

pub mod admins;
pub mod api_keys;
pub mod audit;
pub mod idempotency;
pub mod identities;
pub mod outbox;
pub mod sessions;
pub mod users;

pub use db::{DatabaseConfig, Db};
pub use error::Error;
