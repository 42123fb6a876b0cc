//! How much somebody has under way at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

/// How much each has under way; nobody is in it who has nothing.
type Open<K> = Arc<Mutex<HashMap<K, u32>>>;

/// Counts what is under way, for each who has something.
pub(crate) struct AtOnce<K> {
    /// 0: no limit, and nothing is counted.
    limit: u32,
    open: Open<K>,
}

/// A place among what is under way; dropping it gives it back.
#[must_use]
pub(crate) struct Place<K: Hash + Eq>(Option<(Open<K>, K)>);

impl<K: Hash + Eq + Copy> AtOnce<K> {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, open: Arc::default() }
    }

    /// A place for one more of `who`, if there is one.
    pub(crate) fn enter(&self, who: K) -> Option<Place<K>> {
        if self.limit == 0 {
            return Some(Place(None));
        }
        let mut open = self.open.lock();
        let count = open.entry(who).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place(Some((Arc::clone(&self.open), who))))
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let Some((open, who)) = self.0.take() else { return };
        let mut open = open.lock();
        if let Some(count) = open.get_mut(&who) {
            *count -= 1;
            if *count == 0 {
                open.remove(&who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_past_the_limit_waits_for_another_to_end() {
        let at_once = AtOnce::new(2);
        let (first, second) = (at_once.enter(1), at_once.enter(1));
        assert!(first.is_some() && second.is_some());
        assert!(at_once.enter(1).is_none());
        assert!(at_once.enter(2).is_some(), "another has places of their own");
        drop(first);
        assert!(at_once.enter(1).is_some());
        drop(second);
        assert!(at_once.open.lock().is_empty(), "what ended is not remembered");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let at_once = AtOnce::new(0);
        let _places: Vec<_> = (0..1000).map(|_| at_once.enter(1).unwrap()).collect();
        assert!(at_once.open.lock().is_empty());
    }
}
