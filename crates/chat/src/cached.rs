//! A fact of the database kept in memory until an event says that it changed.

use parking_lot::Mutex;

/// A copy of something in the database. An event of the room's log that touches it makes it forget, and the next
/// reader loads it again; so every node is as fresh as its events.
#[derive(Debug)]
pub(crate) struct Cached<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    /// Counts the times it forgot: a load that began before must not be kept.
    forgotten: u32,
}

impl<T: Clone> Cached<T> {
    pub(crate) const fn empty() -> Self {
        Self { state: Mutex::new(State { value: None, forgotten: 0 }) }
    }

    /// The copy, when there is one.
    pub(crate) fn get(&self) -> Option<T> {
        self.state.lock().value.clone()
    }

    /// Drops the copy, and whatever a load under way will bring.
    pub(crate) fn forget(&self) {
        let mut state = self.state.lock();
        state.value = None;
        state.forgotten = state.forgotten.wrapping_add(1);
    }

    /// The copy, or the right to load it.
    pub(crate) fn look(&self) -> Look<T> {
        let state = self.state.lock();
        match &state.value {
            Some(value) => Look::Known(value.clone()),
            None => Look::Load(Load { forgotten: state.forgotten }),
        }
    }

    /// Keeps what was loaded; false when an event overtook the load, which then must be done again.
    pub(crate) fn keep(&self, load: Load, value: &T) -> bool {
        let mut state = self.state.lock();
        let fresh = state.forgotten == load.forgotten;
        if fresh {
            state.value = Some(value.clone());
        }
        fresh
    }
}

/// What a look at a copy finds.
pub(crate) enum Look<T> {
    /// The copy.
    Known(T),
    /// None: load it, and offer it by [`Cached::keep`].
    Load(Load),
}

/// A load that began when nothing newer was known.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    forgotten: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_that_an_event_overtook_is_not_kept() {
        let cached = Cached::empty();
        let Look::Load(load) = cached.look() else { panic!("nothing is known yet") };
        cached.forget();
        assert!(!cached.keep(load, &1));
        let Look::Load(load) = cached.look() else { panic!("nothing was kept") };
        assert!(cached.keep(load, &2));
        assert_eq!(cached.get(), Some(2));
    }
}
