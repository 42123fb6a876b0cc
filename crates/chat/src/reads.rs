//! How far somebody has read, and that others see it.

use teahouse_accounts::Session;
use teahouse_protocol::{Receipt, RoomId, Seq, ServerEvent};
use teahouse_store::{reads, rooms};

use crate::hub::ConnectionId;
use crate::{Chat, Error};

/// Where more than this many users listen, nobody is shown who has read what: each receipt goes to each of them.
const RECEIPTS_UP_TO: usize = 200;

impl Chat {
    /// The caller has read `room` up to `seq`; a cursor never moves back.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::Store`].
    pub async fn read(&self, caller: &Session, room: RoomId, seq: Seq) -> Result<(), Error> {
        self.read_from(caller, room, seq, None).await
    }

    pub(crate) async fn read_from(
        &self,
        caller: &Session,
        room: RoomId,
        seq: Seq,
        connection: Option<ConnectionId>,
    ) -> Result<(), Error> {
        let user = caller.user_id();
        self.access().require_member(caller, room, self.now()).await?;
        let row = rooms::find(self.db().conn(), room).await?.ok_or(Error::RoomNotFound)?;
        // Nobody has read what is not there yet.
        let seq = seq.min(Seq::new(row.last_seq).unwrap_or_default());
        let moved = reads::advance(self.db().writer(), room, user, seq, self.now()).await?;
        let shown = self.hub().find(room).is_some_and(|live| live.users_online() <= RECEIPTS_UP_TO);
        if moved && shown {
            let event = ServerEvent::Receipt(Receipt { room, user, seq });
            self.pass(room, event, connection).await;
        }
        Ok(())
    }
}
