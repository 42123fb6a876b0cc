//! Whether anybody looks at a message at all: asked for each, so it is a bit or a look-up.

use std::collections::HashMap;

use teahouse_chat::Watched;
use teahouse_protocol::{Kind, RoomId};

use super::rooms::RoomSet;
use crate::convert::kind_bit;

/// Kinds, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

/// What is looked at where.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    everywhere: Looks,
    somewhere: HashMap<RoomId, Looks>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    messages: Kinds,
    edits: Kinds,
}

impl Kinds {
    pub(crate) const ALL: Self = Self(u16::MAX);

    pub(crate) fn of(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | kind_bit(kind)))
    }

    pub(crate) const fn contains(self, kind: Kind) -> bool {
        self.0 & kind_bit(kind) != 0
    }

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Looks {
    const fn at(self, what: Watched) -> Kinds {
        match what {
            Watched::Message => self.messages,
            Watched::Edit => self.edits,
        }
    }

    fn add(&mut self, kinds: Kinds, edits: bool) {
        self.messages = self.messages.with(kinds);
        if edits {
            self.edits = self.edits.with(kinds);
        }
    }
}

impl Watch {
    /// A filter looks at `kinds` in `rooms`.
    pub(crate) fn add(&mut self, rooms: &RoomSet, kinds: Kinds, edits: bool) {
        match rooms {
            RoomSet::All => self.everywhere.add(kinds, edits),
            RoomSet::Chosen(rooms) => {
                for room in rooms {
                    self.somewhere.entry(*room).or_default().add(kinds, edits);
                }
            }
        }
    }

    pub(crate) fn looks_at(&self, room: RoomId, kind: Kind, what: Watched) -> bool {
        self.everywhere.at(what).contains(kind)
            || self.somewhere.get(&room).is_some_and(|looks| looks.at(what).contains(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_watched_for_the_kinds_that_somebody_looks_at() {
        let (here, there) = (RoomId::generate(), RoomId::generate());
        let mut watch = Watch::default();
        assert!(!watch.looks_at(here, Kind::Text, Watched::Message));
        watch.add(&RoomSet::Chosen([here].into()), Kinds::of([Kind::Text]), false);
        assert!(watch.looks_at(here, Kind::Text, Watched::Message));
        assert!(!watch.looks_at(here, Kind::Text, Watched::Edit));
        assert!(!watch.looks_at(here, Kind::Link, Watched::Message));
        assert!(!watch.looks_at(there, Kind::Text, Watched::Message));
        watch.add(&RoomSet::All, Kinds::ALL, true);
        assert!(watch.looks_at(there, Kind::Card, Watched::Edit));
    }
}
