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
    under_way: HashMap<String, (Option<Uuid>, Option<i64>)>,
    /// Failed, and not to be tried before that. Its room waits with it: order is kept.
    rests: HashMap<String, Timestamp>,
    /// Parties that used up their share of what the bot may do. All of theirs waits until then, and holds back nobody else's.
    parties: HashMap<i64, Timestamp>,
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
        self.parties.retain(|_, until| *until > now);
        let id = self.next(now)?;
        let row = self.waiting.remove(&id)?;
        self.rests.remove(&id);
        self.under_way.insert(id, (row.room_id, row.party));
        Some(row)
    }

    /// Of the events that may be next, one of a party for which the fewest are under way; of those, the first that came.
    fn next(&self, now: Timestamp) -> Option<String> {
        let mut working: HashMap<Option<i64>, usize> = HashMap::new();
        for (_, party) in self.under_way.values() {
            *working.entry(*party).or_default() += 1;
        }
        let is_rested =
            |row: &&plugin_event::Model| self.rests.get(&row.id).is_none_or(|until| *until <= now);
        let ready = self.firsts().into_iter().filter(is_rested);
        let first = ready.min_by_key(|row| working.get(&row.party).copied().unwrap_or(0))?;
        Some(first.id.clone())
    }

    /// The events that their rooms do not hold back, in the order of arrival: the first of each room in which none is under
    /// way, and those of no room.
    fn firsts(&self) -> Vec<&plugin_event::Model> {
        let busy: HashSet<Uuid> = self.under_way.values().filter_map(|(room, _)| *room).collect();
        let mut places: HashMap<Uuid, usize> = HashMap::new();
        let mut firsts: Vec<&plugin_event::Model> = Vec::new();
        let rows = self.waiting.values();
        for row in rows.filter(|row| row.party.is_none_or(|party| !self.parties.contains_key(&party))) {
            match row.room_id {
                Some(room) if busy.contains(&room) => {}
                Some(room) => match places.get(&room) {
                    Some(place) => firsts[*place] = earlier(firsts[*place], row),
                    None => {
                        places.insert(room, firsts.len());
                        firsts.push(row);
                    }
                },
                None => firsts.push(row),
            }
        }
        firsts
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

    /// It is tried again when its party may do something again, at `at`: until then nothing of theirs is.
    pub(crate) fn hold_up(&mut self, row: plugin_event::Model, at: Timestamp) {
        match row.party {
            Some(party) => {
                self.under_way.remove(&row.id);
                self.parties.insert(party, at);
                self.waiting.insert(row.id.clone(), row);
            }
            None => self.retry(row, at),
        }
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// When the first that rests may be tried again.
    pub(crate) fn rested_at(&self) -> Option<Timestamp> {
        self.rests.values().chain(self.parties.values()).min().copied()
    }
}

/// Which of two events of a room comes first, of which `first` came first: of what the log says, the log's own order counts.
/// Two batches of one room may have been dated the wrong way round, or queued so.
fn earlier<'a>(first: &'a plugin_event::Model, next: &'a plugin_event::Model) -> &'a plugin_event::Model {
    match (ids::seq_of(&first.id), ids::seq_of(&next.id)) {
        (Some(one), Some(other)) if other < one => next,
        _ => first,
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
            party: None,
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
    fn who_does_much_waits_for_who_does_little() {
        let mut lanes = Lanes::default();
        let of =
            |party, at_ms| plugin_event::Model { party: Some(party), ..said(at_ms, RoomId::generate(), 1) };
        let (flood, other) = ((0..10).map(|n| of(1, n)), of(2, 99));
        lanes.refresh(flood.chain([other.clone()]).collect());
        assert_eq!(lanes.begin_next(at(0)).unwrap().party, Some(1), "the first that came");
        assert_eq!(lanes.begin_next(at(0)).unwrap().id, other.id, "the first of another");
        lanes.end(&other.id);
        assert_eq!(lanes.begin_next(at(0)).unwrap().party, Some(1), "nobody else's waits");
    }

    #[test]
    fn who_is_over_their_share_holds_up_nobody_else() {
        let room = RoomId::generate();
        let of = |party, seq| plugin_event::Model { party: Some(party), ..said(seq, room, seq) };
        let (first, second, others) = (of(1, 1), of(1, 2), of(2, 3));
        let mut lanes = Lanes::default();
        lanes.refresh(vec![first.clone(), second, others.clone()]);
        let begun = lanes.begin_next(at(0)).unwrap();
        lanes.hold_up(begun, at(100));
        assert_eq!(lanes.begin_next(at(99)).unwrap().id, others.id);
        lanes.end(&others.id);
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
