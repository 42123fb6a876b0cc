//! A chat house in memory, for the plugin to act in: it keeps what the plugin stores, notes what it does, and moves its
//! clock only when told to.

mod data;
mod http;
mod kv;
mod services;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};
use teahouse_plugin_host::wit::{Draft, Message, Room, Timer, User};
use teahouse_plugin_package::{Manifest, Terms};
use tokio::sync::Mutex;

pub(crate) use data::{ROOM, instant, room, user};
pub(crate) use http::HttpAnswer;
use kv::Store;

/// 1 January 2026, 00:00 UTC: the time of a house whose case names none.
pub(crate) const START_MS: u64 = 1_767_225_600_000;

/// The house. One plugin is installed in it, in every room.
pub(crate) struct House {
    inner: Mutex<Inner>,
    clock: std::sync::atomic::AtomicU64,
    terms: Vec<Terms>,
}

struct Inner {
    kv: Store,
    rooms: BTreeMap<String, Room>,
    users: BTreeMap<String, User>,
    roles: HashMap<(String, String), String>,
    /// What can be read back: posted to the plugin, or sent by it.
    messages: Vec<Message>,
    keys: HashMap<String, String>,
    timers: BTreeMap<String, Waiting>,
    http: Vec<HttpAnswer>,
    made: u64,
    record: Record,
}

struct Waiting {
    due_ms: u64,
    every_ms: Option<u32>,
    payload: String,
}

/// What the plugin did since it was last asked, as JSON.
#[derive(Debug, Default, Clone)]
pub(crate) struct Record {
    /// Drafts: `room`, `kind`, `text`, `content`, `reply_to`, `mentions`, `buttons`, `only_for`, `id`, `key`.
    pub(crate) sent: Vec<Value>,
    /// Drafts with the `message` that they change.
    pub(crate) edited: Vec<Value>,
    /// Messages' ids.
    pub(crate) recalled: Vec<Value>,
    /// `message`, `emoji`.
    pub(crate) reacted: Vec<Value>,
    /// `act` with its arguments.
    pub(crate) acts: Vec<Value>,
    /// `method`, `url`, `body`, `secret`.
    pub(crate) http: Vec<Value>,
}

impl House {
    pub(crate) fn new(manifest: &Manifest) -> Arc<Self> {
        let terms: Vec<Terms> = manifest.asks().iter().map(|ask| ask.terms.clone()).collect();
        let quota = terms.iter().find_map(|terms| match terms {
            Terms::Kv { quota_kib } => Some(*quota_kib as usize * 1024),
            _ => None,
        });
        let kv = Store::new(quota.unwrap_or(Terms::DEFAULT_KV_KIB as usize * 1024));
        let inner = Inner {
            kv,
            rooms: BTreeMap::new(),
            users: BTreeMap::new(),
            roles: HashMap::new(),
            messages: Vec::new(),
            keys: HashMap::new(),
            timers: BTreeMap::new(),
            http: Vec::new(),
            made: 0,
            record: Record::default(),
        };
        Arc::new(Self { inner: Mutex::new(inner), clock: START_MS.into(), terms })
    }

    /// Empties the house for the next case.
    pub(crate) async fn begin(&self, at_ms: u64, http: Vec<HttpAnswer>) {
        self.clock.store(at_ms, std::sync::atomic::Ordering::SeqCst);
        let mut inner = self.inner.lock().await;
        inner.kv.clear();
        inner.rooms.clear();
        inner.users.clear();
        inner.roles.clear();
        inner.messages.clear();
        inner.keys.clear();
        inner.timers.clear();
        inner.http = http;
        inner.made = 0;
        inner.record = Record::default();
        let room = room(None);
        inner.rooms.insert(room.id.clone(), room);
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Moves the clock, and gives the timers that are due by then, in the order in which they fire.
    pub(crate) async fn advance(&self, by_ms: u64) -> Vec<Timer> {
        let now = self.now().saturating_add(by_ms);
        self.clock.store(now, std::sync::atomic::Ordering::SeqCst);
        let mut inner = self.inner.lock().await;
        let mut due: Vec<_> = inner
            .timers
            .iter()
            .filter(|(_, timer)| timer.due_ms <= now)
            .map(|(name, timer)| (timer.due_ms, name.clone()))
            .collect();
        due.sort();
        due.into_iter().filter_map(|(due_ms, name)| inner.fire(due_ms, name, now)).collect()
    }

    /// What the plugin did since this was last asked.
    pub(crate) async fn take_record(&self) -> Record {
        std::mem::take(&mut self.inner.lock().await.record)
    }

    /// The timers that wait: `name`, `in_ms`, `every_ms`, `payload`.
    pub(crate) async fn timers(&self) -> Vec<Value> {
        let now = self.now();
        let shown = |(name, timer): (&String, &Waiting)| {
            let in_ms = timer.due_ms.saturating_sub(now);
            json!({"name": name, "in_ms": in_ms, "every_ms": timer.every_ms, "payload": timer.payload})
        };
        self.inner.lock().await.timers.iter().map(shown).collect()
    }

    /// Makes a message's room and sender known, and the message itself readable when it was `posted`.
    pub(crate) async fn meet(&self, message: &Message, posted: bool) {
        let mut inner = self.inner.lock().await;
        inner.know_room(&message.room);
        inner.users.entry(message.sender.id.clone()).or_insert_with(|| message.sender.clone());
        inner.roles.insert((message.room.clone(), message.sender.id.clone()), message.role.clone());
        if posted {
            inner.messages.push(message.clone());
        }
    }

    /// Makes a user known, with a role in a room.
    pub(crate) async fn meet_user(&self, user: &User, room: Option<&Room>, role: &str) {
        let mut inner = self.inner.lock().await;
        inner.users.insert(user.id.clone(), user.clone());
        let room_id = room.map_or(ROOM, |room| room.id.as_str()).to_owned();
        if let Some(room) = room {
            inner.rooms.insert(room.id.clone(), room.clone());
        }
        inner.roles.entry((room_id, user.id.clone())).or_insert_with(|| role.to_owned());
    }

    /// An id for the next thing that is made.
    pub(crate) async fn next_id(&self) -> String {
        self.inner.lock().await.next_id()
    }

    fn terms_of<T>(&self, find: impl Fn(&Terms) -> Option<T>) -> Option<T> {
        self.terms.iter().find_map(find)
    }
}

impl Inner {
    fn next_id(&mut self) -> String {
        self.made += 1;
        format!("01900000-0000-7000-8000-{:012x}", self.made)
    }

    fn know_room(&mut self, id: &str) {
        if !self.rooms.contains_key(id) {
            self.rooms.insert(id.to_owned(), room(Some(id)));
        }
    }

    fn fire(&mut self, due_ms: u64, name: String, now: u64) -> Option<Timer> {
        let timer = self.timers.remove(&name)?;
        let mut missed = 0;
        if let Some(every) = timer.every_ms.filter(|every| *every > 0) {
            let skipped = now.saturating_sub(due_ms) / u64::from(every);
            missed = u32::try_from(skipped).unwrap_or(u32::MAX);
            let due_ms = due_ms + (skipped + 1) * u64::from(every);
            self.timers.insert(
                name.clone(),
                Waiting { due_ms, every_ms: timer.every_ms, payload: timer.payload.clone() },
            );
        }
        Some(Timer { name, payload: timer.payload, due: instant(due_ms), missed })
    }
}

/// A draft as cases see it: content is an object, and a text with buttons is the card that the host makes of it.
fn shown(draft: &Draft) -> Value {
    let mut value = serde_json::to_value(draft).unwrap_or_default();
    if let Some(content) = &draft.content {
        value["content"] = serde_json::from_str(content).unwrap_or_else(|_| content.as_str().into());
    }
    if draft.kind == "text" && !draft.buttons.is_empty() {
        value["kind"] = "card".into();
    }
    value
}
