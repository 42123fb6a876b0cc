//! One module a table, as the migrations made it.
#![expect(missing_docs, reason = "a column's name says what it holds; those that don't have a comment")]

pub mod admin;
pub mod api_key;
pub mod audit;
pub mod ban;
pub mod idempotency_key;
pub mod identity;
pub mod member;
pub mod mention;
pub mod message;
pub mod outbox;
pub mod reaction;
pub mod read_cursor;
pub mod room;
pub mod room_event;
pub mod session;
pub mod setup_link;
pub mod user;
