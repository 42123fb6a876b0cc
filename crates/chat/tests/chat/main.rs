//! The conversation through the crate's public face alone: on both databases, with sockets that are mailboxes, and a
//! clock that is moved by hand.

mod socket;
mod world;

mod changing;
mod ending;
mod limits;
mod listening;
mod members;
mod presence;
mod reading;
mod resuming;
mod sending;
