//! What was said before. Capability `history`.
#![expect(clippy::missing_errors_doc, reason = "those of every host function")]

use super::raw;
use crate::{Error, Message};

/// One message.
pub fn get(id: &str) -> Result<Message, Error> {
    Ok(raw::history::get(id)?)
}

/// Messages before the one with the seq `than` (none: from the newest on), newest first, at most 100 at once.
pub fn before(room: &str, than: Option<f64>, limit: u32) -> Result<Vec<Message>, Error> {
    Ok(raw::history::before(room, than, limit)?)
}
