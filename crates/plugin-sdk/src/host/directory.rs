//! Rooms where the plugin is installed, and their members. Capability `directory`.
//!
//! What is nowhere there is [`Error::NotFound`].
#![expect(clippy::missing_errors_doc, reason = "the same for all: said above")]

use super::raw;
use crate::{Error, Room, User};

/// Members, and where to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// In the order of their ids.
    pub users: Vec<User>,
    /// Pass it as `after` for more; none: that was all.
    pub next: Option<String>,
}

/// A room.
pub fn get_room(id: &str) -> Result<Room, Error> {
    Ok(raw::directory::get_room(id)?)
}

/// A member of any of the rooms.
pub fn get_user(id: &str) -> Result<User, Error> {
    Ok(raw::directory::get_user(id)?)
}

/// A member's role: `owner`, `admin`, `member`, `guest`, `bot`.
pub fn get_role(room: &str, user: &str) -> Result<String, Error> {
    Ok(raw::directory::get_role(room, user)?)
}

/// The members after `after`, at most 100 at once.
pub fn list_members(room: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
    let page = raw::directory::list_members(room, after, limit)?;
    Ok(Page { users: page.users, next: page.next })
}
