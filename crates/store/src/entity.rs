//! One module a table, as the migrations made it.
#![expect(missing_docs, reason = "a column's name says what it holds; those that don't have a comment")]

pub mod admin;
pub mod api_key;
pub mod audit;
pub mod ban;
pub mod generation;
pub mod held_message;
pub mod idempotency_key;
pub mod identity;
pub mod invitation;
pub mod join_request;
pub mod member;
pub mod mention;
pub mod message;
pub mod node;
pub mod outbox;
pub mod plugin;
pub mod plugin_event;
pub mod plugin_grant;
pub mod plugin_kv;
pub mod plugin_kv_usage;
pub mod plugin_node;
pub mod plugin_room;
pub mod plugin_timer;
pub mod plugin_verdict;
pub mod plugin_version;
pub mod reaction;
pub mod read_cursor;
pub mod replacement;
pub mod review;
pub mod room;
pub mod room_event;
pub mod session;
pub mod setup_link;
pub mod user;
