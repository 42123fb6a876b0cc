//! Durable work, through the crate's public face alone, on both databases.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

mod ends;
mod nodes;
mod runs;
