//! Who someone is, through the crate's public face alone: on both databases, against WeChat's simulator, with a clock
//! that is moved by hand.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

mod bots;
mod idempotency;
mod naming;
mod operator;
mod people;
mod profiles;
mod sessions;
mod wafer;
mod wechat;
