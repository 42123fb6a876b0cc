//! What the host that is not there remembers.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::bindings::host::types::Error as Raw;
use crate::{Draft, Message, Review, Room, Timer, User};

/// 2026-01-01T12:00:00Z.
pub(super) const NOON: f64 = 1_767_268_800_000.0;

/// A message that the plugin sent or edited.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The message's id: `sent-1`, `sent-2`, ….
    pub id: String,
    /// What the plugin gave to send it once.
    pub key: Option<String>,
    /// The message; after an edit, the edited one.
    pub draft: Draft,
    /// How often it was edited.
    pub edits: u32,
}

/// What else the plugin did.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are the arguments of the functions that the variants are named after"
)]
pub enum Act {
    /// `messages::recall`
    Recall { message: String },
    /// `messages::react`
    React { message: String, emoji: String },
    /// `messages::typing`
    Typing { room: String },
    /// `moderation::flag`
    Flag { message: String, review: Review },
    /// `moderation::remove`
    Remove { message: String, reason: String },
    /// `moderation::release`
    Release { message: String },
    /// `moderation::mute`
    Mute { room: String, user: String, length: Duration, reason: String },
}

/// A timer that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerSet {
    /// Its name.
    pub name: String,
    /// When it fires, in milliseconds since 1970.
    pub due: f64,
    /// How often it fires, if more than once.
    pub every: Option<Duration>,
    /// What comes back.
    pub payload: String,
}

/// A call to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the parts of a request, by their usual names")]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub secret: Option<String>,
}

/// What a call to the network brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Such as 200.
    pub status: u16,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// A value in the store, and when it ends.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) value: Vec<u8>,
    pub(super) until: Option<f64>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) now: f64,
    pub(super) drawn: u64,
    pub(super) denied: BTreeSet<String>,
    pub(super) kv: BTreeMap<String, Stored>,
    pub(super) rooms: BTreeMap<String, Room>,
    pub(super) members: BTreeMap<(String, String), (User, String)>,
    pub(super) history: Vec<Message>,
    pub(super) sent: Vec<Sent>,
    pub(super) acts: Vec<Act>,
    pub(super) timers: BTreeMap<String, TimerSet>,
    pub(super) requests: Vec<Request>,
    pub(super) replies: VecDeque<Reply>,
    pub(super) lines: Vec<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            now: NOON,
            drawn: 0,
            denied: BTreeSet::new(),
            kv: BTreeMap::new(),
            rooms: BTreeMap::new(),
            members: BTreeMap::new(),
            history: Vec::new(),
            sent: Vec::new(),
            acts: Vec::new(),
            timers: BTreeMap::new(),
            requests: Vec::new(),
            replies: VecDeque::new(),
            lines: Vec::new(),
        }
    }
}

impl State {
    /// Looks at this thread's.
    pub(super) fn with<T>(look: impl FnOnce(&mut Self) -> T) -> T {
        thread_local!(static STATE: RefCell<State> = RefCell::default());
        STATE.with(|state| look(&mut state.borrow_mut()))
    }

    /// The same, where the capability is granted.
    pub(super) fn granted<T>(
        capability: &str,
        look: impl FnOnce(&mut Self) -> Result<T, Raw>,
    ) -> Result<T, Raw> {
        Self::with(|state| match state.denied.contains(capability) {
            true => Err(Raw::Denied(capability.to_owned())),
            false => look(state),
        })
    }

    /// The value of `key`, unless it ended.
    pub(super) fn stored(&self, key: &str) -> Option<&Stored> {
        self.kv.get(key).filter(|stored| stored.until.is_none_or(|until| until > self.now))
    }

    pub(super) fn store(&mut self, key: &str, value: Vec<u8>, ttl: Option<u32>) {
        let until = ttl.map(|ttl| self.now + f64::from(ttl));
        self.kv.insert(key.to_owned(), Stored { value, until });
    }

    pub(super) fn advance(&mut self, span: Duration) -> Vec<Timer> {
        self.now += (span.as_secs_f64() * 1000.0).round();
        let mut fired: Vec<Timer> = Vec::new();
        for mut timer in std::mem::take(&mut self.timers).into_values() {
            if timer.due > self.now {
                self.timers.insert(timer.name.clone(), timer);
                continue;
            }
            let mut missed = 0;
            let due = timer.due;
            if let Some(every) = timer.every.filter(|every| !every.is_zero()) {
                timer.due += every.as_secs_f64() * 1000.0;
                while timer.due <= self.now {
                    timer.due += every.as_secs_f64() * 1000.0;
                    missed += 1;
                }
                self.timers.insert(timer.name.clone(), timer.clone());
            }
            fired.push(Timer { name: timer.name, payload: timer.payload, due, missed });
        }
        fired.sort_by(|a, b| a.due.total_cmp(&b.due));
        fired
    }
}
