//! What plugins ask of the house: the host's [`Services`], behind quotas, in the rooms where the plugin is installed.
//!
//! The host has looked at the grant and at the hook before it comes here. Arguments are a guest's: believed as little as
//! a client's.

mod answers;
mod charter;
mod directory;
mod drafts;
mod history;
mod http;
mod kv;
mod messages;
mod moderation;
mod quota;
mod timers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use parking_lot::Mutex;
use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use teahouse_jobs::{NodeId, Outbox};
use teahouse_plugin_host::wit::{
    Draft, Error, HttpRequest, HttpResponse, KeyPage, MemberPage, Message, Review, Room, Seq, User,
};
use teahouse_plugin_host::{CallContext, Capability, Services};
use teahouse_protocol::{Clock, RoomId, Timestamp};
use teahouse_store::Db;

pub(crate) use charter::Charter;
pub(crate) use kv::{Kv, flush_dirty};
pub(crate) use timers::FireTimers;

use crate::bots::Echoes;
use crate::config::PluginsConfig;
use kv::Asker;
use quota::Pace;

/// Lines about refusals in the server's log. Each is counted; a plugin that asks two hundred times a call must not fill the
/// disk.
const REFUSALS_TOLD: Pace = Pace::new(60, 20);

/// What all plugins' houses share.
pub(crate) struct Grounds {
    pub(crate) db: Db,
    /// This process among those that share the database.
    pub(crate) node: NodeId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chat: Chat,
    pub(crate) accounts: Accounts,
    pub(crate) outbox: Outbox,
    pub(crate) outbound: teahouse_outbound::Outbound,
    pub(crate) config: PluginsConfig,
    /// What bots did to messages lately, so that what follows knows how many plugins answered each other.
    pub(crate) echoes: Echoes,
}

/// The house as one plugin sees it. It outlives the plugin's versions; what it is allowed stands in its charter.
pub(crate) struct House {
    plugin: Arc<str>,
    grounds: Arc<Grounds>,
    charter: ArcSwap<Charter>,
    kv: Arc<Kv>,
    meters: messages::Meters,
    acts: quota::Meter,
    http: http::Gate,
    refusals: Mutex<std::collections::BTreeMap<(Capability, &'static str), u64>>,
    refusals_told: quota::Meter,
    calls: AtomicU64,
}

/// Requests of a plugin that were refused, of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Of which capability.
    pub capability: Capability,
    /// In which way: `denied`, `rate_limited`, `quota`, `too_large`, `invalid`, `not_found`.
    pub why: &'static str,
    /// How many since the node was started.
    pub count: u64,
}

impl House {
    pub(crate) fn new(plugin: Arc<str>, grounds: Arc<Grounds>, kv: Arc<Kv>) -> Self {
        Self {
            plugin,
            grounds,
            charter: ArcSwap::from_pointee(Charter::none()),
            kv,
            meters: messages::Meters::default(),
            acts: quota::Meter::default(),
            http: http::Gate::default(),
            refusals: Mutex::default(),
            refusals_told: quota::Meter::default(),
            calls: AtomicU64::new(0),
        }
    }

    /// What it is allowed from now on, calls under way included.
    pub(crate) fn set_charter(&self, charter: Charter) {
        self.kv.set_quota(charter.kv_quota_bytes());
        self.charter.store(Arc::new(charter));
    }

    pub(crate) fn kv(&self) -> &Arc<Kv> {
        &self.kv
    }

    /// What was refused, by capability.
    pub(crate) fn refusals(&self) -> Vec<Refused> {
        let refusals = self.refusals.lock();
        refusals
            .iter()
            .map(|((capability, why), count)| Refused { capability: *capability, why, count: *count })
            .collect()
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        self.now()
    }

    fn now(&self) -> Timestamp {
        self.grounds.clock.now()
    }

    /// `room`, if the plugin is installed there.
    fn require_room(&self, room: &str) -> Result<RoomId, Error> {
        let room: RoomId = crate::convert::id(room)?;
        if self.charter.load().rooms.contains(room) { Ok(room) } else { Err(Error::NotFound) }
    }

    /// Counts what was refused, and passes it on.
    fn answer<T>(&self, capability: Capability, answer: Result<T, Error>) -> Result<T, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(why) = answer.as_ref().err().and_then(refusal_word) {
            *self.refusals.lock().entry((capability, why)).or_default() += 1;
        }
        answer
    }
}

/// What a refusal is counted as; `None` for an answer that is none.
const fn refusal_word(error: &Error) -> Option<&'static str> {
    match error {
        Error::Denied(_) => Some("denied"),
        Error::RateLimited(_) => Some("rate_limited"),
        Error::Quota(_) => Some("quota"),
        Error::TooLarge(_) => Some("too_large"),
        Error::Invalid(_) => Some("invalid"),
        Error::NotFound => Some("not_found"),
        Error::Conflict | Error::Unavailable(_) => None,
    }
}

const fn asker(call: &CallContext) -> Asker {
    if call.hook.is_bot() { Asker::Bot } else { Asker::Filter }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Services for House {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.now().millis()).unwrap_or(0)
    }

    fn refused(&self, call: &CallContext, capability: Capability) {
        *self.refusals.lock().entry((capability, "denied")).or_default() += 1;
        if self.refusals_told.take(REFUSALS_TOLD, self.now()).is_ok() {
            tracing::info!(plugin.id = %self.plugin, plugin.hook = call.hook.name(), %capability, "a plugin was refused");
        }
    }

    async fn kv_get(&self, call: &CallContext, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.answer(Capability::Kv, self.kv.get(asker(call), &key).await)
    }

    async fn kv_set(
        &self,
        call: &CallContext,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        self.answer(Capability::Kv, self.kv.set(asker(call), &key, value, ttl_ms).await)
    }

    async fn kv_delete(&self, call: &CallContext, key: String) -> Result<bool, Error> {
        self.answer(Capability::Kv, self.kv.delete(asker(call), &key).await)
    }

    async fn kv_swap(
        &self,
        call: &CallContext,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        self.answer(Capability::Kv, self.kv.swap(asker(call), &key, old, new, ttl_ms).await)
    }

    async fn kv_increment(
        &self,
        call: &CallContext,
        key: String,
        by: i32,
        ttl_ms: Option<u32>,
    ) -> Result<i32, Error> {
        self.answer(Capability::Kv, self.kv.increment(asker(call), &key, by, ttl_ms).await)
    }

    async fn kv_keys(
        &self,
        call: &CallContext,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<KeyPage, Error> {
        self.answer(Capability::Kv, self.kv.keys(asker(call), &prefix, after.as_deref(), limit).await)
    }

    async fn directory_get_room(&self, _call: &CallContext, room: String) -> Result<Room, Error> {
        self.answer(Capability::Directory, self.room(&room).await)
    }

    async fn directory_get_user(&self, _call: &CallContext, user: String) -> Result<User, Error> {
        self.answer(Capability::Directory, self.user(&user).await)
    }

    async fn directory_get_role(
        &self,
        _call: &CallContext,
        room: String,
        user: String,
    ) -> Result<String, Error> {
        self.answer(Capability::Directory, self.role(&room, &user).await)
    }

    async fn directory_list_members(
        &self,
        _call: &CallContext,
        room: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<MemberPage, Error> {
        self.answer(Capability::Directory, self.members(&room, after.as_deref(), limit).await)
    }

    async fn messages_send(
        &self,
        call: &CallContext,
        draft: Draft,
        key: Option<String>,
    ) -> Result<String, Error> {
        self.answer(Capability::Messages, self.send(call, draft, key).await)
    }

    async fn messages_edit(&self, call: &CallContext, message: String, draft: Draft) -> Result<(), Error> {
        self.answer(Capability::Messages, self.edit(call, &message, draft).await)
    }

    async fn messages_recall(&self, _call: &CallContext, message: String) -> Result<(), Error> {
        self.answer(Capability::Messages, self.recall(&message).await)
    }

    async fn messages_react(&self, call: &CallContext, message: String, emoji: String) -> Result<(), Error> {
        self.answer(Capability::Messages, self.react(call, &message, &emoji).await)
    }

    async fn messages_typing(&self, _call: &CallContext, room: String) -> Result<(), Error> {
        self.answer(Capability::Messages, self.typing(&room).await)
    }

    async fn history_get(&self, _call: &CallContext, message: String) -> Result<Message, Error> {
        self.answer(Capability::History, self.message(&message).await)
    }

    async fn history_before(
        &self,
        _call: &CallContext,
        room: String,
        than: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<Message>, Error> {
        self.answer(Capability::History, self.messages_before(&room, than, limit).await)
    }

    async fn moderation_flag(
        &self,
        _call: &CallContext,
        message: String,
        review: Review,
    ) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.flag(&message, &review).await)
    }

    async fn moderation_remove(
        &self,
        _call: &CallContext,
        message: String,
        reason: String,
    ) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.remove(&message, &reason).await)
    }

    async fn moderation_release(&self, _call: &CallContext, message: String) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.release(&message).await)
    }

    async fn moderation_mute(
        &self,
        _call: &CallContext,
        room: String,
        user: String,
        duration_ms: u32,
        reason: String,
    ) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.mute(&room, &user, duration_ms, &reason).await)
    }

    async fn timers_set(
        &self,
        _call: &CallContext,
        name: String,
        delay_ms: u32,
        every_ms: Option<u32>,
        payload: String,
    ) -> Result<(), Error> {
        self.answer(Capability::Timers, self.set_timer(name, delay_ms, every_ms, payload).await)
    }

    async fn timers_cancel(&self, _call: &CallContext, name: String) -> Result<bool, Error> {
        self.answer(Capability::Timers, self.cancel_timer(&name).await)
    }

    async fn http_send(&self, _call: &CallContext, request: HttpRequest) -> Result<HttpResponse, Error> {
        self.answer(Capability::Http, self.send_request(request).await)
    }
}
