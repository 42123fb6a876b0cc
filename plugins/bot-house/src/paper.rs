//! A house of paper: everything that a bot did, to be read in a test.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Draft, House, Person, Refusal, Role};

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperMessage {
    /// `m1`, `m2`, …
    pub id: String,
    /// As it is now, after edits.
    pub draft: Draft,
    /// How often it was edited.
    pub edits: usize,
}

/// A timer that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperTimer {
    /// When it falls due.
    pub due: u64,
    /// What is written on it.
    pub payload: String,
}

#[derive(Clone)]
struct Value {
    bytes: Vec<u8>,
    until: Option<u64>,
}

/// A [`House`] in memory, with a clock moved by hand.
pub struct PaperHouse {
    now: Cell<u64>,
    values: RefCell<BTreeMap<String, Value>>,
    messages: RefCell<Vec<PaperMessage>>,
    keys: RefCell<BTreeMap<String, String>>,
    timers: RefCell<BTreeMap<String, PaperTimer>>,
    flags: RefCell<Vec<(String, String)>>,
    people: RefCell<BTreeMap<String, Person>>,
    moderators: RefCell<Vec<(String, String)>>,
    refuse: RefCell<Vec<(&'static str, Refusal)>>,
}

impl Default for PaperHouse {
    fn default() -> Self {
        Self::new()
    }
}

impl PaperHouse {
    /// An empty house.
    #[must_use]
    pub fn new() -> Self {
        Self {
            now: Cell::new(1_700_000_000_000),
            values: RefCell::default(),
            messages: RefCell::default(),
            keys: RefCell::default(),
            timers: RefCell::default(),
            flags: RefCell::default(),
            people: RefCell::default(),
            moderators: RefCell::default(),
            refuse: RefCell::default(),
        }
    }

    /// Lets time go by; timers are left to the test (see [`Self::due`]).
    pub fn advance(&self, by: Duration) {
        self.now.set(self.now.get() + millis(by));
    }

    /// Takes out the timers that have fallen due: name and payload, in the order in which they fell.
    pub fn due(&self) -> Vec<(String, String)> {
        let now = self.now.get();
        let mut timers = self.timers.borrow_mut();
        let mut due: Vec<_> = timers
            .iter()
            .filter(|(_, timer)| timer.due <= now)
            .map(|(name, timer)| (timer.due, name.clone()))
            .collect();
        due.sort();
        due.into_iter()
            .filter_map(|(_, name)| timers.remove(&name).map(|timer| (name, timer.payload)))
            .collect()
    }

    /// The timers that are set.
    pub fn timers(&self) -> BTreeMap<String, PaperTimer> {
        self.timers.borrow().clone()
    }

    /// Makes somebody known.
    pub fn knows(&self, id: &str, name: &str) -> Person {
        let person = Person { id: id.to_owned(), name: name.to_owned(), is_bot: false, is_guest: false };
        self.people.borrow_mut().insert(id.to_owned(), person.clone());
        person
    }

    /// Makes somebody run a room.
    pub fn runs(&self, room: &str, user: &str) {
        self.moderators.borrow_mut().push((room.to_owned(), user.to_owned()));
    }

    /// The next call of `name` (`send`, `edit`, `set`, `swap`, `set_timer`, `flag`) is refused.
    pub fn refuse_next(&self, name: &'static str, refusal: Refusal) {
        self.refuse.borrow_mut().push((name, refusal));
    }

    /// Everything that was sent.
    pub fn messages(&self) -> Vec<PaperMessage> {
        self.messages.borrow().clone()
    }

    /// What all in a room saw: the texts, and of cards the titles.
    pub fn said(&self, room: &str) -> Vec<String> {
        self.messages()
            .into_iter()
            .filter(|message| message.draft.room == room && message.draft.only_for.is_none())
            .map(|message| message.draft.title.unwrap_or(message.draft.text))
            .collect()
    }

    /// The last message that one person alone saw.
    pub fn last_whisper(&self, user: &str) -> Option<Draft> {
        let messages = self.messages.borrow();
        messages
            .iter()
            .rev()
            .map(|message| &message.draft)
            .find(|draft| draft.only_for.as_deref() == Some(user))
            .cloned()
    }

    /// The last message that all in a room saw.
    ///
    /// # Panics
    /// When there is none: a test expected one.
    pub fn last_public(&self, room: &str) -> PaperMessage {
        let messages = self.messages.borrow();
        let found = messages
            .iter()
            .rev()
            .find(|message| message.draft.room == room && message.draft.only_for.is_none());
        found.expect("something was said").clone()
    }

    /// The messages put up for moderators: id and code.
    pub fn flags(&self) -> Vec<(String, String)> {
        self.flags.borrow().clone()
    }

    /// The keys in the store.
    pub fn keys(&self) -> Vec<String> {
        self.values.borrow().keys().cloned().collect()
    }

    fn refusal(&self, name: &str) -> Result<(), Refusal> {
        let mut refusals = self.refuse.borrow_mut();
        match refusals.iter().position(|(refused, _)| *refused == name) {
            Some(at) => Err(refusals.remove(at).1),
            None => Ok(()),
        }
    }

    fn put(&self, key: &str, value: &[u8], ttl: Option<Duration>) {
        let until = ttl.map(|ttl| self.now.get() + millis(ttl));
        self.values.borrow_mut().insert(key.to_owned(), Value { bytes: value.to_vec(), until });
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl House for PaperHouse {
    fn now(&self) -> u64 {
        self.now.get()
    }

    fn note(&self, _line: &str) {}

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let values = self.values.borrow();
        let alive = values.get(key).filter(|value| value.until.is_none_or(|until| until > self.now.get()));
        Ok(alive.map(|value| value.bytes.clone()))
    }

    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Refusal> {
        self.refusal("set")?;
        self.put(key, value, ttl);
        Ok(())
    }

    fn swap(&self, key: &str, old: Option<&[u8]>, new: &[u8], ttl: Option<Duration>) -> Result<(), Refusal> {
        self.refusal("swap")?;
        if self.get(key)?.as_deref() != old {
            return Err(Refusal::Conflict);
        }
        self.put(key, new, ttl);
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), Refusal> {
        self.values.borrow_mut().remove(key);
        Ok(())
    }

    fn send(&self, draft: &Draft, key: Option<&str>) -> Result<String, Refusal> {
        if let Some(id) = key.and_then(|key| self.keys.borrow().get(key).cloned()) {
            return Ok(id);
        }
        self.refusal("send")?;
        let mut messages = self.messages.borrow_mut();
        let id = format!("m{}", messages.len() + 1);
        messages.push(PaperMessage { id: id.clone(), draft: draft.clone(), edits: 0 });
        if let Some(key) = key {
            self.keys.borrow_mut().insert(key.to_owned(), id.clone());
        }
        Ok(id)
    }

    fn edit(&self, message: &str, draft: &Draft) -> Result<(), Refusal> {
        self.refusal("edit")?;
        let mut messages = self.messages.borrow_mut();
        let found = messages.iter_mut().find(|sent| sent.id == message).ok_or(Refusal::NotFound)?;
        found.draft = draft.clone();
        found.edits += 1;
        Ok(())
    }

    fn set_timer(&self, name: &str, delay: Duration, payload: &str) -> Result<(), Refusal> {
        self.refusal("set_timer")?;
        if delay < Duration::from_secs(10) {
            return Err(Refusal::Invalid("a timer waits at least ten seconds".to_owned()));
        }
        let timer = PaperTimer { due: self.now.get() + millis(delay), payload: payload.to_owned() };
        self.timers.borrow_mut().insert(name.to_owned(), timer);
        Ok(())
    }

    fn cancel_timer(&self, name: &str) -> Result<(), Refusal> {
        self.timers.borrow_mut().remove(name);
        Ok(())
    }

    fn flag(&self, message: &str, code: &str, _note: &str) -> Result<(), Refusal> {
        self.refusal("flag")?;
        self.flags.borrow_mut().push((message.to_owned(), code.to_owned()));
        Ok(())
    }

    fn person(&self, id: &str) -> Result<Person, Refusal> {
        self.people.borrow().get(id).cloned().ok_or(Refusal::NotFound)
    }

    fn role(&self, room: &str, user: &str) -> Result<Role, Refusal> {
        let moderators = self.moderators.borrow();
        let runs = moderators.iter().any(|(place, id)| place == room && id == user);
        Ok(if runs { Role::Moderator } else { Role::Member })
    }
}
