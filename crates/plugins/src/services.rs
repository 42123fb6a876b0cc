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
mod refusals;
mod timers;

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use serde_json::json;
use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use teahouse_jobs::Outbox;
use teahouse_plugin_host::wit::{
    Draft, Error, HttpRequest, HttpResponse, KeyPage, MemberPage, Message, Review, Room, Seq, User,
};
use teahouse_plugin_host::{CallContext, Capability, Grants, Services};
use teahouse_protocol::{Clock, NodeId, RoomId, Timestamp};
use teahouse_store::Db;
use teahouse_store::audit::{self, Act};

pub(crate) use charter::Charter;
pub(crate) use kv::{Kv, check_key, check_value, flush_dirty};
use refusals::Refusals;
pub use refusals::Refused;
pub(crate) use timers::FireTimers;

use crate::bots::Echoes;
use crate::config::PluginsConfig;
use kv::Asker;

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
    acts: quota::Shared,
    timers: quota::Shared,
    http: http::Gate,
    refusals: Refusals,
}

impl House {
    pub(crate) fn new(plugin: Arc<str>, grounds: Arc<Grounds>, kv: Arc<Kv>) -> Self {
        Self {
            plugin,
            grounds,
            charter: ArcSwap::from_pointee(Charter::none()),
            kv,
            meters: messages::Meters::default(),
            acts: quota::Shared::default(),
            timers: quota::Shared::default(),
            http: http::Gate::default(),
            refusals: Refusals::default(),
        }
    }

    /// What it is allowed from now on, calls under way included.
    pub(crate) fn set_charter(&self, charter: Charter) {
        self.kv.set_quota(charter.kv_quota_bytes(), charter.limits.kv_per_minute());
        self.charter.store(Arc::new(charter));
    }

    /// Takes back at once what is not among `granted`, whatever becomes of the rest.
    pub(crate) fn keep_only(&self, granted: Grants) {
        self.charter.rcu(|charter| charter.keeping(granted));
    }

    pub(crate) fn kv(&self) -> &Arc<Kv> {
        &self.kv
    }

    /// What was refused, by capability.
    pub(crate) fn refusals(&self) -> Vec<Refused> {
        self.refusals.all()
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

    /// Does what is granted at this moment, and counts what is refused. The host has asked the version that calls; this
    /// is for one that was replaced, or runs on because the next one does not load.
    async fn answer<T>(
        &self,
        capability: Capability,
        act: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let granted = self.charter.load().granted.contains(capability);
        let answer = if granted { act.await } else { Err(Error::Denied(capability.name().to_owned())) };
        if let Err(error) = &answer {
            self.note_refusal(capability, error);
        }
        answer
    }

    fn note_refusal(&self, capability: Capability, error: &Error) {
        self.refusals.count(capability, error);
        if !matches!(error, Error::Denied(_)) {
            return;
        }
        let now = self.now();
        let Some(times) = self.refusals.to_tell(capability, now) else { return };
        tracing::info!(plugin.id = %self.plugin, %capability, times, "a plugin was refused");
        let (db, plugin) = (self.grounds.db.clone(), self.plugin.to_string());
        // Beside the call: it has little time, and the line matters more than the moment.
        tokio::spawn(async move {
            let detail =
                json!({ "by": format!("plugin:{plugin}"), "capability": capability.name(), "times": times });
            let act = Act {
                actor: None,
                action: "plugin.refused",
                target_kind: "plugin",
                target_id: plugin,
                detail,
            };
            if let Err(error) = audit::append(db.writer(), now, act).await {
                tracing::warn!(%error, "a refusal was not written to the audit log");
            }
        });
    }
}

const fn asker(call: &CallContext) -> Asker {
    if call.hook.is_bot() { Asker::Bot(call.party) } else { Asker::Filter(call.party) }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Services for House {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.now().millis()).unwrap_or(0)
    }

    fn refused(&self, _call: &CallContext, capability: Capability) {
        self.note_refusal(capability, &Error::Denied(String::new()));
    }

    async fn kv_get(&self, call: &CallContext, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.answer(Capability::Kv, self.kv.get(asker(call), &key)).await
    }

    async fn kv_set(
        &self,
        call: &CallContext,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        self.answer(Capability::Kv, self.kv.set(asker(call), &key, value, ttl_ms)).await
    }

    async fn kv_delete(&self, call: &CallContext, key: String) -> Result<bool, Error> {
        self.answer(Capability::Kv, self.kv.delete(asker(call), &key)).await
    }

    async fn kv_swap(
        &self,
        call: &CallContext,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        self.answer(Capability::Kv, self.kv.swap(asker(call), &key, old, new, ttl_ms)).await
    }

    async fn kv_increment(
        &self,
        call: &CallContext,
        key: String,
        by: i32,
        ttl_ms: Option<u32>,
    ) -> Result<i32, Error> {
        self.answer(Capability::Kv, self.kv.increment(asker(call), &key, by, ttl_ms)).await
    }

    async fn kv_keys(
        &self,
        call: &CallContext,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<KeyPage, Error> {
        self.answer(Capability::Kv, self.kv.keys(asker(call), &prefix, after.as_deref(), limit)).await
    }

    async fn directory_get_room(&self, _call: &CallContext, room: String) -> Result<Room, Error> {
        self.answer(Capability::Directory, self.room(&room)).await
    }

    async fn directory_get_user(&self, _call: &CallContext, user: String) -> Result<User, Error> {
        self.answer(Capability::Directory, self.user(&user)).await
    }

    async fn directory_get_role(
        &self,
        _call: &CallContext,
        room: String,
        user: String,
    ) -> Result<String, Error> {
        self.answer(Capability::Directory, self.role(&room, &user)).await
    }

    async fn directory_list_members(
        &self,
        _call: &CallContext,
        room: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<MemberPage, Error> {
        self.answer(Capability::Directory, self.members(&room, after.as_deref(), limit)).await
    }

    async fn messages_send(
        &self,
        call: &CallContext,
        draft: Draft,
        key: Option<String>,
    ) -> Result<String, Error> {
        self.answer(Capability::Messages, self.send(call, draft, key)).await
    }

    async fn messages_edit(&self, call: &CallContext, message: String, draft: Draft) -> Result<(), Error> {
        self.answer(Capability::Messages, self.edit(call, &message, draft)).await
    }

    async fn messages_recall(&self, call: &CallContext, message: String) -> Result<(), Error> {
        self.answer(Capability::Messages, self.recall(call, &message)).await
    }

    async fn messages_react(&self, call: &CallContext, message: String, emoji: String) -> Result<(), Error> {
        self.answer(Capability::Messages, self.react(call, &message, &emoji)).await
    }

    async fn messages_typing(&self, _call: &CallContext, room: String) -> Result<(), Error> {
        self.answer(Capability::Messages, self.typing(&room)).await
    }

    async fn history_get(&self, _call: &CallContext, message: String) -> Result<Message, Error> {
        self.answer(Capability::History, self.message(&message)).await
    }

    async fn history_before(
        &self,
        _call: &CallContext,
        room: String,
        than: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<Message>, Error> {
        self.answer(Capability::History, self.messages_before(&room, than, limit)).await
    }

    async fn moderation_flag(
        &self,
        call: &CallContext,
        message: String,
        review: Review,
    ) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.flag(call, &message, &review)).await
    }

    async fn moderation_remove(
        &self,
        call: &CallContext,
        message: String,
        reason: String,
    ) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.remove(call, &message, &reason)).await
    }

    async fn moderation_release(&self, call: &CallContext, message: String) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.release(call, &message)).await
    }

    async fn moderation_mute(
        &self,
        call: &CallContext,
        room: String,
        user: String,
        duration_ms: u32,
        reason: String,
    ) -> Result<(), Error> {
        self.answer(Capability::Moderation, self.mute(call, &room, &user, duration_ms, &reason)).await
    }

    async fn timers_set(
        &self,
        call: &CallContext,
        name: String,
        delay_ms: u32,
        every_ms: Option<u32>,
        payload: String,
    ) -> Result<(), Error> {
        self.answer(Capability::Timers, self.set_timer(call, name, delay_ms, every_ms, payload)).await
    }

    async fn timers_cancel(&self, call: &CallContext, name: String) -> Result<bool, Error> {
        self.answer(Capability::Timers, self.cancel_timer(call, &name)).await
    }

    async fn http_send(&self, call: &CallContext, request: HttpRequest) -> Result<HttpResponse, Error> {
        self.answer(Capability::Http, self.send_request(call, request)).await
    }
}
