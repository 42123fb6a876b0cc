//! Messages of the plugin's own bot user. Capability `messages`; never inside a filter's or gate's hook.
//!
//! They pass the same checks and filters as everyone's, whose refusals are [`Error::Invalid`] or [`Error::Denied`].
#![expect(clippy::missing_errors_doc, reason = "the same for all: said above")]

use super::raw;
use crate::{Draft, Error};

/// Sends it and gives its id. In answer to an event, [`send_once`] is better.
pub fn send(draft: &Draft) -> Result<String, Error> {
    Ok(raw::messages::send(draft, None)?)
}

/// Sends it once: the same `key` (at most 64 bytes) gives the first message again. An event's id is a good key.
pub fn send_once(key: &str, draft: &Draft) -> Result<String, Error> {
    Ok(raw::messages::send(draft, Some(key))?)
}

/// Changes one of its own.
pub fn edit(id: &str, draft: &Draft) -> Result<(), Error> {
    Ok(raw::messages::edit(id, draft)?)
}

/// Recalls one of its own.
pub fn recall(id: &str) -> Result<(), Error> {
    Ok(raw::messages::recall(id)?)
}

/// Puts an emoji on any message of its rooms.
pub fn react(id: &str, emoji: &str) -> Result<(), Error> {
    Ok(raw::messages::react(id, emoji)?)
}

/// Shows that an answer is coming.
pub fn typing(room: &str) -> Result<(), Error> {
    Ok(raw::messages::typing(room)?)
}
