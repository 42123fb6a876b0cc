//! The simulator and the client of `teahouse-wechat` against each other, over a real port.

mod access_token;
mod sign_in;
mod stage;
