//! The doors: who asks for a socket, in which dialect, and what they get.
//!
//! A browser and a mini-program can't see the status of a refused upgrade. So whoever comes without a session is let
//! in, told so in their own words, and closed; only what is no proper upgrade, or too much of it, is refused by HTTP.

mod credentials;
mod doors;
mod guests;
mod handshake;
mod member;
mod replaced;
mod stranger;

pub use self::doors::{Gateway, GatewayParts, Socket, TutorialDoor};
pub(crate) use self::handshake::{Handshake, accept};
