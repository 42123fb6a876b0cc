//! A plugin that can be called: its compiled component with settings, limits and grants, and its warm instances.

use std::sync::Arc;

use crate::call::{CheckEdit, CheckJoin, CheckMessage, CheckName, HandleEvent};
use crate::compile::Compiled;
use crate::error::CallFailure;
use crate::grants::{Grants, LiveGrants};
use crate::limits::Limits;
use crate::log::LogRing;
use crate::party::CallTerms;
use crate::pool::Pool;
use crate::services::Services;
use crate::stats::{Cost, Stats};
use crate::wit::{Admission, Event, Message, Room, User, Verdict};

/// Which hook interfaces a component exports, or a manifest declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exports {
    /// `filter`
    pub filter: bool,
    /// `gate`
    pub gate: bool,
    /// `bot`
    pub bot: bool,
}

/// What a plugin leaves behind: it outlives versions and settings. Keep one a plugin, and hand it to each load.
#[derive(Debug, Default)]
pub struct Telemetry {
    /// Counters.
    pub stats: Stats,
    /// Its log.
    pub log: LogRing,
}

/// What is to be run, and how.
#[derive(Clone)]
pub struct PluginSpec {
    /// The plugin's id.
    pub id: Arc<str>,
    /// Its version, for logs and records.
    pub version: Arc<str>,
    /// The component, compiled by the same host.
    pub compiled: Compiled,
    /// The settings as `init` gets them: one JSON object.
    pub config: String,
    /// The hooks to call: each must be exported. Others that the component exports are not called.
    pub hooks: Exports,
    /// What a call may take.
    pub limits: Limits,
    /// What it may reach.
    pub grants: Grants,
    /// The house.
    pub services: Arc<dyn Services>,
    /// The plugin's own, not the version's.
    pub telemetry: Arc<Telemetry>,
}

/// What a call brought: the reply, or the guest's error text (cut to [`ERROR_TEXT_BYTES`]), and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Called<T> {
    /// The hook's own result.
    pub reply: Result<T, String>,
    /// What it took.
    pub cost: Cost,
}

/// A guest's error text is cut here.
pub const ERROR_TEXT_BYTES: usize = 2 * 1024;

/// A plugin that can be called, by many at once. Behind an `Arc`: replaced by another, it serves the calls that still
/// run on it, and goes with the last of them.
pub struct Loaded {
    pub(crate) shared: Arc<Shared>,
    pub(crate) filters: Option<Arc<Pool>>,
    pub(crate) bots: Option<Arc<Pool>>,
}

/// What all instances of a plugin have in common.
pub(crate) struct Shared {
    pub(crate) id: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) config: String,
    pub(crate) limits: Limits,
    pub(crate) grants: LiveGrants,
    pub(crate) services: Arc<dyn Services>,
    pub(crate) telemetry: Arc<Telemetry>,
}

impl Loaded {
    /// What stands in for a plugin that does not load: every call of it fails as [`FailureKind::NoHook`], so that its
    /// user's policy for errors decides.
    ///
    /// [`FailureKind::NoHook`]: crate::FailureKind::NoHook
    #[must_use]
    pub fn absent(
        id: Arc<str>,
        version: Arc<str>,
        services: Arc<dyn Services>,
        telemetry: Arc<Telemetry>,
    ) -> Arc<Self> {
        let (config, limits) = (String::new(), Limits::default());
        let grants = LiveGrants::new(Grants::none());
        let shared = Shared { id, version, config, limits, grants, services, telemetry };
        Arc::new(Self { shared: Arc::new(shared), filters: None, bots: None })
    }

    /// The plugin's id.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.shared.id
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &Arc<str> {
        &self.shared.version
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Its counters and its log.
    #[must_use]
    pub fn telemetry(&self) -> &Arc<Telemetry> {
        &self.shared.telemetry
    }

    /// What it may reach now.
    #[must_use]
    pub fn grants(&self) -> Grants {
        self.shared.grants.get()
    }

    /// Grants and revokes while calls run: the next host call of each meets the new set.
    pub fn set_grants(&self, grants: Grants) {
        self.shared.grants.set(grants);
    }

    /// `filter.check`
    ///
    /// # Errors
    /// [`CallFailure`], after which the hook's on-error policy decides.
    pub async fn check(&self, message: &Message, terms: &CallTerms) -> Result<Called<Verdict>, CallFailure> {
        Pool::call(self.filters.as_ref(), CheckMessage { message }, terms).await
    }

    /// `filter.check-edit`
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn check_edit(
        &self,
        before: &Message,
        after: &Message,
        terms: &CallTerms,
    ) -> Result<Called<Verdict>, CallFailure> {
        Pool::call(self.filters.as_ref(), CheckEdit { before, after }, terms).await
    }

    /// `gate.check-name`
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn check_name(
        &self,
        subject: &str,
        text: &str,
        by: &User,
        room: Option<&Room>,
        terms: &CallTerms,
    ) -> Result<Called<Verdict>, CallFailure> {
        Pool::call(self.filters.as_ref(), CheckName { subject, text, by, room }, terms).await
    }

    /// `gate.check-join`
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn check_join(
        &self,
        room: &Room,
        user: &User,
        word: &str,
        terms: &CallTerms,
    ) -> Result<Called<Admission>, CallFailure> {
        Pool::call(self.filters.as_ref(), CheckJoin { room, user, word }, terms).await
    }

    /// `bot.handle`. `hops` is the event's own: what the bot sends has one more.
    ///
    /// # Errors
    /// As [`check`](Self::check): the event waits, or is given up.
    pub async fn handle(
        &self,
        id: &Arc<str>,
        event: &Event,
        hops: u8,
        terms: &CallTerms,
    ) -> Result<Called<()>, CallFailure> {
        Pool::call(self.bots.as_ref(), HandleEvent { id, event, hops }, terms).await
    }

    /// Warm instances now, of filters and of bots.
    #[must_use]
    pub fn warm(&self) -> (usize, usize) {
        let warm = |pool: &Option<Arc<Pool>>| pool.as_ref().map_or(0, |pool| pool.warm());
        (warm(&self.filters), warm(&self.bots))
    }
}
