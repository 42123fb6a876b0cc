//! Rooms' logs, the batch writer that fills them, and the schema under them, through the crate's public face: each
//! test on both databases.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

mod batches;
mod changes;
mod faults;
mod files;
mod full_disk;
mod interleavings;
mod migrations;
mod moderation;
mod plugin_kv;
mod plugin_queue;
mod plugins;
mod recalls;
mod repeats;
mod slow;
mod standing;
mod two_nodes;
