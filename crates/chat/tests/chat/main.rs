//! The conversation through the crate's public face alone: on both databases, with sockets that are mailboxes, and a
//! clock that is moved by hand.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod socket;
mod world;

mod bounds;
mod changing;
mod ending;
mod invitations;
mod limits;
mod listening;
mod members;
mod membership_races;
mod merging;
mod plugins;
mod presence;
mod races;
mod reacting;
mod reading;
mod repeats;
mod resuming;
mod rights;
mod sending;
mod storm;
