//! The lobby: the room that everyone is in, made at the first start.

use teahouse_protocol::{RoomId, RoomKind, Timestamp, Visibility};
use teahouse_store::rooms::{self, LOBBY_KEY};
use teahouse_store::{Db, Error};

/// The lobby's id; the room is made when there is none. Two nodes may do so at once: the key lets one win.
pub(crate) async fn ensure(db: &Db, name: &str, now: Timestamp) -> Result<RoomId, Error> {
    if let Some(row) = rooms::find_by_key(db.conn(), LOBBY_KEY).await? {
        return Ok(RoomId::from_uuid(row.id));
    }
    let id = RoomId::generate();
    let made =
        rooms::insert_keyed(db.writer(), id, RoomKind::Group, Visibility::Public, name, LOBBY_KEY, now).await;
    match made {
        Ok(()) => Ok(id),
        Err(Error::Conflict(error)) => {
            let row = rooms::find_by_key(db.conn(), LOBBY_KEY).await?;
            row.map(|row| RoomId::from_uuid(row.id)).ok_or(Error::Conflict(error))
        }
        Err(error) => Err(error),
    }
}
