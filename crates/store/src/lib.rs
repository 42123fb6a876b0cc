#![doc = include_str!("../README.md")]

mod db;
pub mod entity;
mod error;
mod fingerprint;
mod page;
pub mod private_file;
mod statements;

pub mod admins;
pub mod api_keys;
pub mod audit;
pub mod held;
pub mod idempotency;
pub mod identities;
pub mod invitations;
pub mod join_requests;
pub mod log;
pub mod members;
pub mod messages;
pub mod nodes;
pub mod outbox;
pub mod plugin_events;
pub mod plugin_grants;
pub mod plugin_kv;
pub mod plugin_nodes;
pub mod plugin_rooms;
pub mod plugin_timers;
pub mod plugin_verdicts;
pub mod plugin_versions;
pub mod plugins;
pub mod reactions;
pub mod reads;
pub mod replacements;
pub mod reviews;
pub mod rooms;
pub mod server_bans;
pub mod sessions;
pub mod standing;
pub mod users;
pub mod writer;

pub use db::{DatabaseConfig, Db};
pub use error::Error;
pub use fingerprint::Fingerprint;
pub use page::PageSize;
