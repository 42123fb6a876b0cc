//! What was said before, in the plugin's rooms.

use teahouse_plugin_host::wit::{Error, Message, Seq as WitSeq};
use teahouse_protocol::{MessageId, RoomId, Seq};
use teahouse_store::{PageSize, messages};

use super::House;
use super::answers::{failed, invalid, unavailable};
use crate::convert;

/// Messages that one call brings.
const MAX_LISTED: u32 = 100;

impl House {
    pub(super) async fn message(&self, id: &str) -> Result<Message, Error> {
        let id: MessageId = convert::id(id)?;
        let row = self.reading().message(id).await.map_err(|error| failed(&error))?.ok_or(Error::NotFound)?;
        let room = RoomId::from_uuid(row.room_id);
        self.require_open_room(&room.to_string()).await?;
        let told = self.reading().tell(room, vec![row]).await.map_err(|error| failed(&error))?;
        told.into_iter().next().ok_or(Error::NotFound)
    }

    pub(super) async fn messages_before(
        &self,
        room: &str,
        than: Option<WitSeq>,
        limit: u32,
    ) -> Result<Vec<Message>, Error> {
        let room = self.require_open_room(room).await?;
        let before = than.map_or(Ok(Seq::MAX), whole)?;
        let size = PageSize::capped(u16::try_from(limit.clamp(1, MAX_LISTED)).unwrap_or(1));
        let rows = messages::page_before(self.grounds.db.conn(), room, before, size)
            .await
            .map_err(|error| unavailable(&error))?;
        self.reading().tell(room, rows).await.map_err(|error| failed(&error))
    }
}

/// A place in a log that a guest wrote.
fn whole(seq: WitSeq) -> Result<Seq, Error> {
    let wrong = || invalid("a place in a log is a whole number from 0 to 2^53 - 1");
    if seq.fract() != 0.0 {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit saturates, and is refused")]
    let number = seq as i64;
    Seq::new(number).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_whole_number() {
        assert_eq!(whole(7.0), Ok(Seq::new(7).unwrap()));
        for bad in [-1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9_007_199_254_740_992.0] {
            assert!(whole(bad).is_err(), "{bad}");
        }
    }
}
