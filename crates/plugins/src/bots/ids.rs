//! Ids of events: the same event has the same id however often it is queued, and ids sort by time of arrival.

use teahouse_protocol::{MessageId, RoomId, Seq, Timestamp, UserId};
use uuid::Uuid;

/// What follows from an entry of a room's log. `at` is the batch's time, which every run of its job is told alike.
pub(crate) fn logged(at: Timestamp, room: RoomId, seq: Seq) -> String {
    // The last half of a UUIDv7 is random: enough to tell rooms apart within a millisecond.
    format!("{}.l{:x}.{:016x}", time(at), seq.get(), room.uuid().as_u64_pair().1)
}

/// A button was pressed.
pub(crate) fn pressed(at: Timestamp, press: Uuid) -> String {
    format!("{}.p{}", time(at), press.simple())
}

/// A timer is due.
pub(crate) fn timer(due: Timestamp, token: Uuid) -> String {
    format!("{}.t{}", time(due), token.simple())
}

/// A filter held a message.
pub(crate) fn held(at: Timestamp, message: MessageId) -> String {
    format!("{}.h{}", time(at), message.uuid().simple())
}

/// Somebody came into the room that everyone is in, where no entry of the log says so.
pub(crate) fn came(at: Timestamp, room: RoomId, user: UserId) -> String {
    format!("{}.j{}.{:016x}", time(at), user.uuid().simple(), room.uuid().as_u64_pair().1)
}

/// The place in the room's log of an event that [`logged`] named.
pub(crate) fn seq_of(id: &str) -> Option<u64> {
    let (seq, _) = id.split_once(".l")?.1.split_once('.')?;
    u64::from_str_radix(seq, 16).ok()
}

/// Milliseconds in hexadecimal digits, enough until the year 2527.
fn time(at: Timestamp) -> String {
    format!("{:011x}", at.millis().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_leave_room_for_a_suffix_in_a_key() {
        let (room, at) = (RoomId::generate(), Timestamp::from_millis(1_790_000_000_000));
        let later = Timestamp::from_millis(1_790_000_000_001);
        let ids = [
            logged(at, room, Seq::MAX),
            pressed(at, Uuid::now_v7()),
            timer(at, Uuid::now_v7()),
            held(at, MessageId::generate()),
        ];
        for id in ids {
            assert!(id.len() <= 48, "{id}");
            assert!(id < logged(later, room, Seq::ZERO), "{id}");
        }
    }

    #[test]
    fn an_id_tells_its_place_in_the_log() {
        let id = logged(Timestamp::from_millis(7), RoomId::generate(), Seq::new(255).unwrap());
        assert_eq!(seq_of(&id), Some(255));
        assert_eq!(seq_of(&pressed(Timestamp::from_millis(7), Uuid::now_v7())), None);
    }
}
