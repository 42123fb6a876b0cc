//! The simulator and the client of `teahouse-wechat` against each other, over a real port.

#![expect(clippy::unwrap_used, reason = "what does not stand fails its test")]

mod access_token;
mod content;
mod pushes;
mod receiver;
mod sign_in;
mod stage;
