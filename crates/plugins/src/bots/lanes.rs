//! Which of a bot's events is handled next: those of one room one after another in their order, those of different
//! rooms side by side.

use std::collections::{BTreeMap, HashMap, HashSet};

use teahouse_protocol::Timestamp;
use teahouse_store::entity::plugin_event;
use uuid::Uuid;

use super::ids;

/// A bot's events that this node knows of.
#[derive(Default)]
pub(crate) struct Lanes {
    /// By id, which is by arrival.
    waiting: BTreeMap<String, plugin_event::Model>,
    /// Events under way, and the rooms that they are of.
    under_way: HashMap<String, Option<Uuid>>,
    /// Failed, and not to be tried before that. Its room waits with it: order is kept.
    rests: HashMap<String, Timestamp>,
}

impl Lanes {
    /// Takes over what the database has, which is all that there is: what it has no more was done or dropped.
    pub(crate) fn refresh(&mut self, rows: Vec<plugin_event::Model>) {
        self.waiting.clear();
        for row in rows {
            if !self.under_way.contains_key(&row.id) {
                self.waiting.insert(row.id.clone(), row);
            }
        }
        let waiting = &self.waiting;
        self.rests.retain(|id, _| waiting.contains_key(id));
    }

    /// The event to handle next, which is under way from now on.
    pub(crate) fn begin_next(&mut self, now: Timestamp) -> Option<plugin_event::Model> {
        let id = self.next(now)?;
        let row = self.waiting.remove(&id)?;
        self.rests.remove(&id);
        self.under_way.insert(id, row.room_id);
        Some(row)
    }

    fn next(&self, now: Timestamp) -> Option<String> {
        let mut seen: HashSet<Uuid> = self.under_way.values().flatten().copied().collect();
        for row in self.waiting.values() {
            let first = match row.room_id {
                // Only the first of each room can be next.
                Some(room) if !seen.insert(room) => continue,
                Some(room) => self.first_of(room, row),
                None => row,
            };
            if self.rests.get(&first.id).is_none_or(|until| *until <= now) {
                return Some(first.id.clone());
            }
        }
        None
    }

    /// What is to come first in `room`, whose first arrival is `row`: of what the log says, the log's own order counts.
    /// Two batches of one room may have been dated the wrong way round, or queued so.
    fn first_of<'a>(&'a self, room: Uuid, row: &'a plugin_event::Model) -> &'a plugin_event::Model {
        if ids::seq_of(&row.id).is_none() {
            return row;
        }
        let of_room = self.waiting.values().filter(|other| other.room_id == Some(room));
        let by_seq = of_room.filter_map(|other| Some((ids::seq_of(&other.id)?, other)));
        by_seq.min_by_key(|(seq, _)| *seq).map_or(row, |(_, first)| first)
    }

    /// It is over: handled, or given up.
    pub(crate) fn end(&mut self, id: &str) {
        self.under_way.remove(id);
    }

    /// It failed, and is tried again at `at`.
    pub(crate) fn retry(&mut self, row: plugin_event::Model, at: Timestamp) {
        self.under_way.remove(&row.id);
        self.rests.insert(row.id.clone(), at);
        self.waiting.insert(row.id.clone(), row);
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// When the first that rests may be tried again.
    pub(crate) fn rested_at(&self) -> Option<Timestamp> {
        self.rests.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::{RoomId, Seq};

    use super::*;

    fn row(id: String, room: Option<RoomId>) -> plugin_event::Model {
        plugin_event::Model {
            plugin_id: "org.example.bot".to_owned(),
            id,
            room_id: room.map(RoomId::uuid),
            kind: "posted".to_owned(),
            event: String::new(),
            hops: 0,
            created_at_ms: 0,
            attempts: 0,
        }
    }

    fn said(at_ms: i64, room: RoomId, seq: i64) -> plugin_event::Model {
        row(ids::logged(at(at_ms), room, Seq::new(seq).unwrap()), Some(room))
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn one_room_waits_for_itself_and_not_for_others() {
        let (tea, coffee) = (RoomId::generate(), RoomId::generate());
        let [first, second, other] = [said(1, tea, 1), said(2, tea, 2), said(3, coffee, 1)];
        let mut lanes = Lanes::default();
        lanes.refresh(vec![first.clone(), second.clone(), other.clone()]);
        assert_eq!(lanes.begin_next(at(9)).unwrap().id, first.id);
        assert_eq!(lanes.begin_next(at(9)).unwrap().id, other.id);
        assert!(lanes.begin_next(at(9)).is_none());
        lanes.end(&first.id);
        assert_eq!(lanes.begin_next(at(9)).unwrap().id, second.id);
    }

    #[test]
    fn the_logs_order_counts_more_than_arrival() {
        let room = RoomId::generate();
        let (late, early) = (said(1, room, 8), said(2, room, 7));
        let mut lanes = Lanes::default();
        lanes.refresh(vec![late, early.clone()]);
        assert_eq!(lanes.begin_next(at(9)).unwrap().id, early.id);
    }

    #[test]
    fn what_failed_rests_and_its_room_with_it() {
        let (room, other) = (RoomId::generate(), RoomId::generate());
        let (first, second, elsewhere) = (said(1, room, 1), said(2, room, 2), said(3, other, 1));
        let mut lanes = Lanes::default();
        lanes.refresh(vec![first.clone(), second, elsewhere.clone()]);
        let begun = lanes.begin_next(at(0)).unwrap();
        lanes.retry(begun, at(100));
        assert_eq!(lanes.begin_next(at(99)).unwrap().id, elsewhere.id);
        assert!(lanes.begin_next(at(99)).is_none());
        assert_eq!(lanes.rested_at(), Some(at(100)));
        assert_eq!(lanes.begin_next(at(100)).unwrap().id, first.id);
    }

    #[test]
    fn a_refresh_forgets_what_is_gone_and_begins_nothing_twice() {
        let room = RoomId::generate();
        let (first, second) = (said(1, room, 1), said(2, room, 2));
        let mut lanes = Lanes::default();
        lanes.refresh(vec![first.clone(), second.clone()]);
        lanes.begin_next(at(0)).unwrap();
        lanes.refresh(vec![first.clone(), second]);
        assert!(lanes.begin_next(at(0)).is_none());
        lanes.refresh(Vec::new());
        lanes.end(&first.id);
        assert_eq!((lanes.waiting.len(), lanes.under_way()), (0, 0));
    }

    #[test]
    fn events_of_no_room_don_t_wait_for_each_other() {
        let timers = [1, 2].map(|ms| row(ids::timer(at(ms), Uuid::now_v7()), None));
        let mut lanes = Lanes::default();
        lanes.refresh(timers.to_vec());
        assert!(lanes.begin_next(at(9)).is_some() && lanes.begin_next(at(9)).is_some());
    }
}
