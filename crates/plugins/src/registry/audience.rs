//! Whether any bot hears of an event at all: asked before each message is written, so it is a bit or a look-up.

use std::collections::HashMap;

use teahouse_plugin_package::EventKind;
use teahouse_protocol::RoomId;

use super::rooms::RoomSet;

/// What the bots hear of, and where.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    everywhere: Events,
    somewhere: HashMap<RoomId, Events>,
}

/// Kinds of events, a bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Events(u16);

impl Events {
    const fn contains(self, kind: EventKind) -> bool {
        self.0 & bit(kind) != 0
    }
}

impl Audience {
    /// A bot hears of `kinds` in `rooms`.
    pub(crate) fn add(&mut self, rooms: &RoomSet, kinds: impl IntoIterator<Item = EventKind>) {
        let heard = kinds.into_iter().fold(0, |bits, kind| bits | bit(kind));
        match rooms {
            RoomSet::All => self.everywhere.0 |= heard,
            RoomSet::Chosen(rooms) => {
                for room in rooms {
                    self.somewhere.entry(*room).or_default().0 |= heard;
                }
            }
        }
    }

    /// Whether a bot in `room` hears of events of this kind.
    pub(crate) fn hears(&self, room: RoomId, kind: EventKind) -> bool {
        self.everywhere.contains(kind) || self.somewhere.get(&room).is_some_and(|heard| heard.contains(kind))
    }
}

const fn bit(kind: EventKind) -> u16 {
    1 << kind as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_heard_for_what_a_bot_there_hears_of() {
        let (here, there) = (RoomId::generate(), RoomId::generate());
        let mut audience = Audience::default();
        assert!(!audience.hears(here, EventKind::Posted));
        audience.add(&RoomSet::Chosen([here].into()), [EventKind::Posted, EventKind::Member]);
        assert!(audience.hears(here, EventKind::Posted));
        assert!(audience.hears(here, EventKind::Member));
        assert!(!audience.hears(here, EventKind::Edited));
        assert!(!audience.hears(there, EventKind::Posted));
        audience.add(&RoomSet::All, [EventKind::Edited]);
        assert!(audience.hears(there, EventKind::Edited));
        assert!(!audience.hears(there, EventKind::Posted));
    }
}
