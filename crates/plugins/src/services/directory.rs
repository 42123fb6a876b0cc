//! Rooms where the plugin is installed, and who is in them. All else is not there, a direct conversation included.

use teahouse_plugin_host::wit::{Error, MemberPage, Room, User};
use teahouse_protocol::{RoomId, UserId};
use teahouse_store::PageSize;

use super::House;
use super::answers::failed;
use crate::convert;
use crate::reading::Reading;
use crate::registry::RoomSet;

/// Members that one call lists.
const MAX_LISTED: u32 = 100;

impl House {
    pub(super) fn reading(&self) -> Reading<'_> {
        Reading(&self.grounds)
    }

    /// `room`, if the plugin is installed there and it is no direct conversation.
    pub(super) async fn require_open_room(&self, room: &str) -> Result<RoomId, Error> {
        let room = self.require_room(room)?;
        let direct = self.reading().is_direct(room).await.map_err(|error| failed(&error))?;
        if direct { Err(Error::NotFound) } else { Ok(room) }
    }

    pub(super) async fn room(&self, room: &str) -> Result<Room, Error> {
        let room = self.require_open_room(room).await?;
        let details = self.reading().room(room).await.map_err(|error| failed(&error))?;
        details.as_ref().map(convert::room).ok_or(Error::NotFound)
    }

    /// Somebody who is in one of the plugin's rooms.
    pub(super) async fn user(&self, user: &str) -> Result<User, Error> {
        let user: UserId = convert::id(user)?;
        if !self.shares_a_room(user).await? {
            return Err(Error::NotFound);
        }
        let profile = self.reading().profile(user).await.map_err(|error| failed(&error))?;
        profile.as_ref().map(convert::user).ok_or(Error::NotFound)
    }

    async fn shares_a_room(&self, user: UserId) -> Result<bool, Error> {
        let charter = self.charter.load_full();
        let RoomSet::Chosen(rooms) = &charter.rooms else { return Ok(true) };
        for room in rooms {
            if self.reading().role(*room, user).await.map_err(|error| failed(&error))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn role(&self, room: &str, user: &str) -> Result<String, Error> {
        let (room, user) = (self.require_open_room(room).await?, convert::id::<UserId>(user)?);
        let role = self.reading().role(room, user).await.map_err(|error| failed(&error))?;
        let profile = self.reading().profile(user).await.map_err(|error| failed(&error))?;
        let (role, profile) = role.zip(profile).ok_or(Error::NotFound)?;
        Ok(convert::role(&profile, role).to_owned())
    }

    pub(super) async fn members(
        &self,
        room: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<MemberPage, Error> {
        let room = self.require_open_room(room).await?;
        let after = after.map(convert::id::<UserId>).transpose()?;
        let limit = usize::try_from(limit.clamp(1, MAX_LISTED)).unwrap_or(1);
        let size = PageSize::capped(u16::try_from(limit).unwrap_or(1)).and_one();
        let mut people = self.reading().members(room, after, size).await.map_err(|error| failed(&error))?;
        let more = people.len() > limit;
        people.truncate(limit);
        let next = people.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(MemberPage { users: people.iter().map(convert::user).collect(), next })
    }
}
