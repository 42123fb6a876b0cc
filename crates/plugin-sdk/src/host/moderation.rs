//! A moderator's acts. Capability `moderation`, with the acts that the manifest names; each is in the audit log.
#![expect(clippy::missing_errors_doc, reason = "those of every host function")]

use std::time::Duration;

use super::{millis, raw};
use crate::{Error, Review};

/// Puts a message up for review.
pub fn flag(message: &str, review: &Review) -> Result<(), Error> {
    Ok(raw::moderation::flag(message, review)?)
}

/// Recalls anyone's message; a held one is refused.
pub fn remove(message: &str, reason: &str) -> Result<(), Error> {
    Ok(raw::moderation::remove(message, reason)?)
}

/// Lets a held or shadowed message through.
pub fn release(message: &str) -> Result<(), Error> {
    Ok(raw::moderation::release(message)?)
}

/// Mutes a member; a length of zero ends a mute.
pub fn mute(room: &str, user: &str, length: Duration, reason: &str) -> Result<(), Error> {
    Ok(raw::moderation::mute(room, user, millis(length), reason)?)
}
