//! What filters count on this node: the database's count as it was last seen, and what came since.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_protocol::Timestamp;

/// The database's count is believed for so long: other nodes count too, and windows end.
const BELIEVED_FOR: Duration = Duration::from_secs(1);
/// Counters kept. Full: those that nothing waits of are forgotten, and read again.
const MOST_COUNTERS: usize = 10_000;

/// The counters of one plugin.
#[derive(Default)]
pub(super) struct Counters(Mutex<HashMap<String, Counter>>);

#[derive(Clone, Copy)]
struct Counter {
    /// In the database, when it was last looked at.
    base: i32,
    read_at: Timestamp,
    /// Counted here since, and not written yet.
    pending: i32,
    /// Being written now.
    flushing: i32,
    /// When its window ends, where that is known here: who finds a counter does not see when it was born.
    expires_at: Option<Timestamp>,
    /// The window to begin, should it be born by being written.
    window: Option<Timestamp>,
}

/// What is to be added to a counter in the database.
pub(super) struct Pending {
    pub(super) key: String,
    pub(super) by: i32,
    pub(super) expires_at: Option<Timestamp>,
}

impl Counter {
    fn count(&self) -> i32 {
        self.base.saturating_add(self.flushing).saturating_add(self.pending)
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }

    fn is_believed(&self, now: Timestamp) -> bool {
        self.is_alive(now) && now.since(self.read_at) < BELIEVED_FOR
    }

    fn is_dirty(&self) -> bool {
        self.pending != 0 || self.flushing != 0
    }
}

impl Counters {
    /// Its count, if it is known well enough.
    pub(super) fn find(&self, key: &str, now: Timestamp) -> Option<i32> {
        self.0.lock().get(key).filter(|counter| counter.is_believed(now)).map(Counter::count)
    }

    pub(super) fn knows(&self, key: &str, now: Timestamp) -> bool {
        self.find(key, now).is_some()
    }

    /// Takes over what the database says; `None`: there is no such counter.
    pub(super) fn learn(&self, key: &str, count: Option<i32>, window: Option<Timestamp>, now: Timestamp) {
        let mut counters = self.0.lock();
        if counters.len() >= MOST_COUNTERS {
            counters.retain(|_, counter| counter.is_dirty());
        }
        if counters.get(key).is_some_and(|counter| counter.is_believed(now)) {
            // Another call learnt it at the same time, and may have counted since.
            return;
        }
        let expires_at = if count.is_none() { window } else { None };
        // What is counted and not written belongs to what was read, which knows nothing of it.
        let (pending, flushing) =
            counters.get(key).map_or((0, 0), |counter| (counter.pending, counter.flushing));
        let base = count.unwrap_or(0);
        let counter = Counter { base, read_at: now, pending, flushing, expires_at, window };
        counters.insert(key.to_owned(), counter);
    }

    /// Adds to a counter; what it is now.
    pub(super) fn add(&self, key: &str, by: i32, window: Option<Timestamp>, now: Timestamp) -> i32 {
        let mut counters = self.0.lock();
        let counter = counters.entry(key.to_owned()).or_insert(Counter {
            base: 0,
            read_at: now,
            pending: 0,
            flushing: 0,
            expires_at: window,
            window,
        });
        if !counter.is_alive(now) {
            *counter = Counter { base: 0, pending: 0, expires_at: window, window, read_at: now, ..*counter };
        }
        counter.pending = counter.pending.saturating_add(by);
        counter.count()
    }

    /// Whether something of this key waits to be written.
    pub(super) fn waits(&self, key: &str) -> bool {
        self.0.lock().get(key).is_some_and(Counter::is_dirty)
    }

    /// Whether anything is to be written.
    pub(super) fn any_pending(&self) -> bool {
        self.0.lock().values().any(|counter| counter.pending != 0)
    }

    /// What is to be written now.
    pub(super) fn take_pending(&self) -> Vec<Pending> {
        let mut taken = Vec::new();
        for (key, counter) in self.0.lock().iter_mut().filter(|(_, counter)| counter.pending != 0) {
            counter.flushing = counter.flushing.saturating_add(counter.pending);
            taken.push(Pending { key: key.clone(), by: counter.pending, expires_at: counter.window });
            counter.pending = 0;
        }
        taken
    }

    /// What was taken is in the database, which counts these now; `None`: it does not take it.
    pub(super) fn settle(&self, taken: &[Pending], counts: &[Option<i32>], now: Timestamp) {
        let mut counters = self.0.lock();
        for (one, count) in taken.iter().zip(counts) {
            let Some(counter) = counters.get_mut(&one.key) else { continue };
            counter.flushing = counter.flushing.saturating_sub(one.by);
            counter.base = count.unwrap_or_else(|| counter.base.saturating_add(one.by));
            counter.read_at = now;
        }
    }

    /// What was taken was not written.
    pub(super) fn put_back(&self, taken: &[Pending]) {
        let mut counters = self.0.lock();
        for one in taken {
            let Some(counter) = counters.get_mut(&one.key) else { continue };
            counter.flushing = counter.flushing.saturating_sub(one.by);
            counter.pending = counter.pending.saturating_add(one.by);
        }
    }

    /// What is known of the database's count is not true any more. What was counted here and not written is not lost.
    pub(super) fn forget(&self, key: &str) {
        let mut counters = self.0.lock();
        match counters.get_mut(key) {
            Some(counter) if counter.is_dirty() => counter.read_at = Timestamp::from_millis(i64::MIN),
            _ => {
                counters.remove(key);
            }
        }
    }
}

/// A counter as the database keeps it: decimal digits.
pub(super) fn number(value: &[u8]) -> Option<i32> {
    str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_counter_goes_on_from_what_the_database_says() {
        let counters = Counters::default();
        assert!(!counters.knows("a", at(0)));
        counters.learn("a", Some(7), Some(at(10_000)), at(0));
        assert_eq!(counters.add("a", 1, Some(at(10_000)), at(0)), 8);
        assert_eq!(counters.add("a", 2, Some(at(10_001)), at(1)), 10);
        let taken = counters.take_pending();
        assert_eq!((taken.len(), taken[0].by), (1, 3));
        assert_eq!(counters.add("a", 1, None, at(2)), 11, "while it is written");
        // Another node counted 100 in between.
        counters.settle(&taken, &[Some(110)], at(3));
        assert_eq!(counters.find("a", at(3)), Some(111));
    }

    #[test]
    fn what_was_not_written_is_not_lost() {
        let counters = Counters::default();
        counters.learn("a", None, None, at(0));
        counters.add("a", 5, None, at(0));
        let taken = counters.take_pending();
        counters.put_back(&taken);
        assert_eq!(counters.find("a", at(0)), Some(5));
        assert_eq!(counters.take_pending()[0].by, 5);
    }

    #[test]
    fn what_waits_outlives_a_write_beside_it() {
        let counters = Counters::default();
        counters.learn("a", Some(1), None, at(0));
        counters.add("a", 5, None, at(0));
        counters.forget("a");
        assert_eq!(counters.find("a", at(0)), None, "the database's count is another by now");
        counters.learn("a", Some(100), None, at(0));
        assert_eq!(counters.find("a", at(0)), Some(105));
        let taken = counters.take_pending();
        counters.settle(&taken, &[Some(105)], at(1));
        counters.forget("a");
        assert!(counters.0.lock().is_empty());
    }

    #[test]
    fn a_window_that_ends_begins_anew() {
        let counters = Counters::default();
        counters.learn("a", None, Some(at(1_000)), at(0));
        assert_eq!(counters.add("a", 3, Some(at(1_000)), at(0)), 3);
        assert_eq!(counters.find("a", at(999)), Some(3));
        assert_eq!(counters.find("a", at(1_000)), None);
        let taken = counters.take_pending();
        counters.settle(&taken, &[Some(3)], at(500));
        assert_eq!(counters.add("a", 1, Some(at(2_000)), at(1_000)), 1);
    }

    #[test]
    fn what_lies_idle_is_read_again_after_a_second() {
        let counters = Counters::default();
        counters.learn("a", Some(1), None, at(0));
        assert!(counters.knows("a", at(999)));
        assert!(!counters.knows("a", at(1_000)));
    }
}
