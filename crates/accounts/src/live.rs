//! The sessions and people that somebody on this node holds, so that a change reaches every holder at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use teahouse_protocol::{SessionId, UserId};
use teahouse_store::entity::user;

use crate::person::Person;
use crate::session::{Facts, Inner, Session};

/// All that is held. Nothing is kept alive by it.
#[derive(Default)]
pub(crate) struct Live {
    sessions: Mutex<HashMap<SessionId, Weak<Inner>>>,
    people: Mutex<HashMap<UserId, Weak<Person>>>,
    /// Counts what was changed in the database by this node or told by another. What was read before a change, and is
    /// listed after it, would miss it: the reader compares this and reads again.
    changes: AtomicU64,
}

impl Live {
    /// To be asked before reading what [`Live::adopt`] is then given.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// To be called after a commit, before the change is made known to holders.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// The session of these facts: the one that is held already, brought up to date, or a new one.
    pub(crate) fn adopt(self: &Arc<Self>, facts: Facts, user: &user::Model) -> Session {
        let person = self.person(user);
        let mut sessions = self.sessions.lock();
        if let Some(mut held) = sessions.get(&facts.id).and_then(Session::upgrade) {
            // Should ours be the last hold by now, its drop takes the lock too.
            drop(sessions);
            held.update(&facts);
            return held;
        }
        let session = Session::new(facts, person, Arc::clone(self));
        sessions.insert(facts.id, session.downgrade());
        session
    }

    /// The session, if it is held.
    pub(crate) fn find_session(&self, id: SessionId) -> Option<Session> {
        self.sessions.lock().get(&id).and_then(Session::upgrade)
    }

    /// The user, if one of their sessions is held.
    pub(crate) fn find_person(&self, id: UserId) -> Option<Arc<Person>> {
        self.people.lock().get(&id).and_then(Weak::upgrade)
    }

    /// Called by a session that nobody holds any more.
    pub(crate) fn forget_session(&self, id: SessionId) {
        let mut sessions = self.sessions.lock();
        // Another may have been listed since.
        if let Entry::Occupied(entry) = sessions.entry(id)
            && entry.get().strong_count() == 0
        {
            entry.remove();
        }
    }

    /// Called by a person whom nobody holds any more.
    pub(crate) fn forget_person(&self, id: UserId) {
        let mut people = self.people.lock();
        if let Entry::Occupied(entry) = people.entry(id)
            && entry.get().strong_count() == 0
        {
            entry.remove();
        }
    }

    fn person(self: &Arc<Self>, row: &user::Model) -> Arc<Person> {
        let id = UserId::from_uuid(row.id);
        let mut people = self.people.lock();
        if let Some(person) = people.get(&id).and_then(Weak::upgrade) {
            drop(people);
            person.update(row);
            return person;
        }
        let person = Arc::new(Person::new(row, Arc::clone(self)));
        people.insert(id, Arc::downgrade(&person));
        person
    }
}
