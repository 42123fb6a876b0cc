//! How far somebody has read, and that others see it.

use std::sync::Arc;

use teahouse_accounts::Session;
use teahouse_protocol::{RoomId, Seq};

use crate::connection::Core;
use crate::{Chat, Error};

impl Chat {
    /// The caller has read `room` up to `seq`; a cursor never moves back. When this returns it is written.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::RateLimited`], [`Error::Store`].
    pub async fn read(&self, caller: &Session, room: RoomId, seq: Seq) -> Result<(), Error> {
        let user = caller.user_id();
        self.paces().signal(user, 1)?;
        self.access().require_member(caller, room, self.now()).await?;
        self.gathered().mark_read(room, user, seq, None);
        self.gathered().written(user).await
    }

    /// As [`Chat::read`] from a socket, which is not answered: it is written soon.
    pub(crate) async fn read_from(&self, core: &Arc<Core>, room: RoomId, seq: Seq) -> Result<(), Error> {
        let user = core.user_id();
        self.paces().signal(user, 1)?;
        let known = core.seat(room).and_then(|seat| seat.reader());
        let reader = match known {
            Some(reader) => reader?,
            None => self.access().require_reader(core.session(), room, self.now()).await?,
        };
        reader.require_member(user)?;
        self.gathered().mark_read(room, user, seq, Some(core.id()));
        Ok(())
    }
}
