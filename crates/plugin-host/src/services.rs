//! What plugins reach of the house: a trait that its user implements, one method a host function.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::grants::Capability;
use crate::party::Party;
use crate::wit::{
    Draft, Error, HttpRequest, HttpResponse, KeyPage, MemberPage, Message, Review, Room, Seq, User,
};

/// Which of a plugin's functions is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// `setup.init`
    Init,
    /// `filter.check`
    Check,
    /// `filter.check-edit`
    CheckEdit,
    /// `gate.check-name`
    CheckName,
    /// `gate.check-join`
    CheckJoin,
    /// `bot.handle`
    Handle,
}

impl Hook {
    /// Every hook.
    pub const ALL: [Self; 6] =
        [Self::Init, Self::Check, Self::CheckEdit, Self::CheckName, Self::CheckJoin, Self::Handle];

    /// The name in metrics, records and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Check => "check",
            Self::CheckEdit => "check_edit",
            Self::CheckName => "check_name",
            Self::CheckJoin => "check_join",
            Self::Handle => "handle",
        }
    }

    /// Whether only a bot's capabilities are usable in it.
    #[must_use]
    pub const fn is_bot(self) -> bool {
        matches!(self, Self::Handle)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// On whose behalf a host function is called.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The plugin.
    pub plugin: Arc<str>,
    /// What runs.
    pub hook: Hook,
    /// The event's id, for a bot.
    pub event: Option<Arc<str>>,
    /// On whose behalf the plugin is called; none: on nobody's in particular, such as for a timer of its own.
    pub party: Option<Party>,
    /// Answers of plugins to plugins before this one: what the bot sends now has one more.
    pub hops: u8,
    /// The room that the call is about, as the interface writes it; empty when it is about none.
    pub room: String,
}

/// The house, as plugins see it. The host has checked before each call that the capability is granted, that the hook
/// may use it, and that the call has host calls left; everything else (quotas over time, rooms where the plugin is
/// installed, rights, terms of a grant) is the implementor's.
///
/// The methods are the interface's functions, one to one: their arguments come from the guest and are to be trusted
/// no more than a client's. A future may be dropped at any await: the call's wall time is over then.
///
/// What a house does not answer is denied, so that one with little in it says that little. One that is to answer
/// everything says `#[deny(clippy::missing_trait_methods)]` at its `impl`, and can't forget a method.
#[async_trait]
#[expect(unused_variables, reason = "the names of parameters are what an implementor copies")]
pub trait Services: Send + Sync + 'static {
    /// `env.now`, in milliseconds since 1970. Tests move it by hand.
    fn now_ms(&self) -> u64;

    /// `capability` was asked for and refused: a line for the audit log. Called from the guest's thread: be brief.
    fn refused(&self, call: &CallContext, capability: Capability) {}

    /// `kv.get`
    async fn kv_get(&self, call: &CallContext, key: String) -> Result<Option<Vec<u8>>, Error> {
        denied(Capability::Kv)
    }
    /// `kv.set`
    async fn kv_set(
        &self,
        call: &CallContext,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        denied(Capability::Kv)
    }
    /// `kv.delete`
    async fn kv_delete(&self, call: &CallContext, key: String) -> Result<bool, Error> {
        denied(Capability::Kv)
    }
    /// `kv.swap`
    async fn kv_swap(
        &self,
        call: &CallContext,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        denied(Capability::Kv)
    }
    /// `kv.increment`
    async fn kv_increment(
        &self,
        call: &CallContext,
        key: String,
        by: i32,
        ttl_ms: Option<u32>,
    ) -> Result<i32, Error> {
        denied(Capability::Kv)
    }
    /// `kv.keys`
    async fn kv_keys(
        &self,
        call: &CallContext,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<KeyPage, Error> {
        denied(Capability::Kv)
    }

    /// `directory.get-room`
    async fn directory_get_room(&self, call: &CallContext, room: String) -> Result<Room, Error> {
        denied(Capability::Directory)
    }
    /// `directory.get-user`
    async fn directory_get_user(&self, call: &CallContext, user: String) -> Result<User, Error> {
        denied(Capability::Directory)
    }
    /// `directory.get-role`
    async fn directory_get_role(
        &self,
        call: &CallContext,
        room: String,
        user: String,
    ) -> Result<String, Error> {
        denied(Capability::Directory)
    }
    /// `directory.list-members`
    async fn directory_list_members(
        &self,
        call: &CallContext,
        room: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<MemberPage, Error> {
        denied(Capability::Directory)
    }

    /// `messages.send`: the id of the message.
    async fn messages_send(
        &self,
        call: &CallContext,
        draft: Draft,
        key: Option<String>,
    ) -> Result<String, Error> {
        denied(Capability::Messages)
    }
    /// `messages.edit`
    async fn messages_edit(&self, call: &CallContext, message: String, draft: Draft) -> Result<(), Error> {
        denied(Capability::Messages)
    }
    /// `messages.recall`
    async fn messages_recall(&self, call: &CallContext, message: String) -> Result<(), Error> {
        denied(Capability::Messages)
    }
    /// `messages.react`
    async fn messages_react(&self, call: &CallContext, message: String, emoji: String) -> Result<(), Error> {
        denied(Capability::Messages)
    }
    /// `messages.typing`
    async fn messages_typing(&self, call: &CallContext, room: String) -> Result<(), Error> {
        denied(Capability::Messages)
    }

    /// `history.get`
    async fn history_get(&self, call: &CallContext, message: String) -> Result<Message, Error> {
        denied(Capability::History)
    }
    /// `history.before`
    async fn history_before(
        &self,
        call: &CallContext,
        room: String,
        than: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<Message>, Error> {
        denied(Capability::History)
    }

    /// `moderation.flag`
    async fn moderation_flag(
        &self,
        call: &CallContext,
        message: String,
        review: Review,
    ) -> Result<(), Error> {
        denied(Capability::Moderation)
    }
    /// `moderation.remove`
    async fn moderation_remove(
        &self,
        call: &CallContext,
        message: String,
        reason: String,
    ) -> Result<(), Error> {
        denied(Capability::Moderation)
    }
    /// `moderation.release`
    async fn moderation_release(&self, call: &CallContext, message: String) -> Result<(), Error> {
        denied(Capability::Moderation)
    }
    /// `moderation.mute`
    async fn moderation_mute(
        &self,
        call: &CallContext,
        room: String,
        user: String,
        duration_ms: u32,
        reason: String,
    ) -> Result<(), Error> {
        denied(Capability::Moderation)
    }

    /// `timers.set`
    async fn timers_set(
        &self,
        call: &CallContext,
        name: String,
        delay_ms: u32,
        every_ms: Option<u32>,
        payload: String,
    ) -> Result<(), Error> {
        denied(Capability::Timers)
    }
    /// `timers.cancel`
    async fn timers_cancel(&self, call: &CallContext, name: String) -> Result<bool, Error> {
        denied(Capability::Timers)
    }

    /// `http.send`
    async fn http_send(&self, call: &CallContext, request: HttpRequest) -> Result<HttpResponse, Error> {
        denied(Capability::Http)
    }
}

fn denied<T>(capability: Capability) -> Result<T, Error> {
    Err(Error::Denied(capability.name().to_owned()))
}
