//! A house for tests: it remembers what was asked of it, and can be made to keep a plugin waiting.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use teahouse_plugin_host::wit::{Draft, Error, HttpRequest, HttpResponse, Message, Seq, User};
use teahouse_plugin_host::{
    CallContext, Capability, Compiled, Exports, Grants, Limits, LoadError, Loaded, PluginSpec, Services,
    Telemetry,
};
use tokio::sync::Notify;

use crate::guest::{Guest, host};

#[derive(Debug, Default)]
pub(crate) struct House {
    /// While set, whoever asks for a key waits for ever.
    pub(crate) stalls: AtomicBool,
    /// Told at each key that is asked for.
    pub(crate) asked: Notify,
    /// Lets those go who wait since `pauses` was set.
    pub(crate) released: Notify,
    /// While set, whoever asks for a key waits until `released`.
    pub(crate) pauses: AtomicBool,
    pub(crate) gets: AtomicU32,
    pub(crate) sent: AtomicU32,
    pub(crate) audited: AtomicU32,
}

/// Loads `compiled` with the settings of most tests.
pub(crate) struct Setting {
    pub(crate) spec: PluginSpec,
    pub(crate) house: Arc<House>,
}

impl Setting {
    pub(crate) async fn of(guest: &Guest) -> Self {
        let hooks = Exports { filter: true, gate: false, bot: guest.handle.is_some() };
        Self::with(guest.compile().await, hooks)
    }

    pub(crate) fn with(compiled: Compiled, hooks: Exports) -> Self {
        let house = Arc::new(House::default());
        let mut limits = Limits::default();
        // The machine of the tests may be busy elsewhere for longer than a filter may take. Tests of time set their own.
        limits.filter.wall = Duration::from_secs(10);
        let spec = PluginSpec {
            id: "org.example.guest".into(),
            version: "1.0.0".into(),
            compiled,
            config: "{}".to_owned(),
            hooks,
            limits,
            grants: Grants::all(),
            services: house.clone(),
            telemetry: Arc::new(Telemetry::default()),
        };
        Self { spec, house }
    }

    pub(crate) fn instances(mut self, instances: usize) -> Self {
        let instances = NonZeroUsize::new(instances).expect("at least one");
        self.spec.limits.filter.instances = instances;
        self.spec.limits.bot.instances = instances;
        self
    }

    pub(crate) async fn load(&self) -> Result<Arc<Loaded>, LoadError> {
        host().load(self.spec.clone()).await
    }

    pub(crate) async fn loaded(&self) -> Arc<Loaded> {
        self.load().await.expect("loaded")
    }
}

/// Loads a guest with everything granted.
pub(crate) async fn loaded(guest: &Guest) -> Arc<Loaded> {
    Setting::of(guest).await.loaded().await
}

pub(crate) fn user() -> User {
    User {
        id: "018f0000-0000-7000-8000-000000000002".to_owned(),
        name: "ann".to_owned(),
        is_bot: false,
        is_guest: false,
        joined_at: 1_700_000_000_000.0,
        extra: Vec::new(),
    }
}

pub(crate) fn message(text: &str) -> Message {
    Message {
        id: "018f0000-0000-7000-8000-000000000001".to_owned(),
        room: "018f0000-0000-7000-8000-000000000003".to_owned(),
        seq: None,
        sender: user(),
        role: "member".to_owned(),
        kind: "text".to_owned(),
        text: text.to_owned(),
        content: None,
        reply_to: None,
        mentions: Vec::new(),
        at: 1_700_000_000_000.0,
        hops: 0,
        extra: Vec::new(),
    }
}

#[async_trait]
impl Services for House {
    fn now_ms(&self) -> u64 {
        1_700_000_000_000
    }

    fn refused(&self, _: &CallContext, _: Capability) {
        self.audited.fetch_add(1, Ordering::Relaxed);
    }

    async fn kv_get(&self, call: &CallContext, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.asked.notify_one();
        if self.stalls.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.pauses.load(Ordering::Relaxed) {
            self.released.notified().await;
        }
        Ok(Some(format!("{}/{}/{key}", call.plugin, call.room).into_bytes()))
    }
    async fn kv_set(&self, _: &CallContext, _: String, _: Vec<u8>, _: Option<u32>) -> Result<(), Error> {
        Ok(())
    }
    async fn kv_increment(&self, _: &CallContext, _: String, by: i32, _: Option<u32>) -> Result<i32, Error> {
        Ok(by)
    }
    async fn directory_get_user(&self, _: &CallContext, _: String) -> Result<User, Error> {
        Ok(user())
    }
    async fn messages_send(&self, _: &CallContext, _: Draft, _: Option<String>) -> Result<String, Error> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok("sent".to_owned())
    }
    async fn messages_typing(&self, _: &CallContext, _: String) -> Result<(), Error> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    async fn history_before(
        &self,
        _: &CallContext,
        _: String,
        _: Option<Seq>,
        _: u32,
    ) -> Result<Vec<Message>, Error> {
        Ok(Vec::new())
    }
    async fn moderation_remove(&self, _: &CallContext, _: String, _: String) -> Result<(), Error> {
        Ok(())
    }
    async fn timers_set(
        &self,
        _: &CallContext,
        _: String,
        _: u32,
        _: Option<u32>,
        _: String,
    ) -> Result<(), Error> {
        Ok(())
    }
    async fn http_send(&self, _: &CallContext, _: HttpRequest) -> Result<HttpResponse, Error> {
        Err(Error::NotFound)
    }
}
