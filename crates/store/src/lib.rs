#![doc = include_str!("../README.md")]

mod db;
pub mod entity;
mod error;
mod page;
mod statements;

pub mod admins;
pub mod api_keys;
pub mod audit;
pub mod idempotency;
pub mod identities;
pub mod log;
pub mod members;
pub mod messages;
pub mod outbox;
pub mod reads;
pub mod rooms;
pub mod sessions;
pub mod users;
pub mod writer;

pub use db::{DatabaseConfig, Db};
pub use error::Error;
pub use page::PageSize;
