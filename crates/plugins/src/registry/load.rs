//! From a plugin's row to a plugin that can be called.

use std::num::NonZeroUsize;
use std::sync::Arc;

use teahouse_accounts::{BotUser, Session};
use teahouse_plugin_host::{
    Capability, Compile, CompileError, Compiled, Exports, FailureKind, Grants, HookLimits, Host, Isolation,
    Limits, LoadError, Loaded, PluginSpec, Services,
};
use teahouse_plugin_package::{Isolation as Kept, Manifest, Package, Rooms, Terms};
use teahouse_protocol::{DisplayName, UserId, cut};
use teahouse_store::entity::{plugin, plugin_grant, plugin_version};
use teahouse_store::plugins::PluginEdit;
use teahouse_store::{plugin_grants, plugin_rooms, plugin_versions, plugins};

use super::renew::Outcome;
use super::resident::Resident;
use super::rooms::RoomSet;
use super::snapshot::Running;
use crate::Error;
use crate::chain::Speaker;
use crate::convert;
use crate::lifecycle::{Secrets, SecretsKey, effective_grants, effective_settings, granted_terms};
use crate::policy::Policy;
use crate::services::{Charter, Grounds};

/// Loads one plugin.
pub(crate) struct Loader {
    pub(crate) id: Arc<str>,
    pub(crate) resident: Arc<Resident>,
    /// What runs of it now: it goes on where its successor does not load.
    pub(crate) earlier: Option<Arc<Running>>,
    pub(crate) grounds: Arc<Grounds>,
    pub(crate) host: Host,
    pub(crate) compile: Compile,
    pub(crate) secrets: SecretsKey,
}

/// Why a plugin does not load.
enum Obstacle {
    /// Trying again may help.
    Ours(Error),
    /// It does not load as it is.
    Broken(Trouble),
}

/// Why a version does not load.
pub(crate) struct Trouble {
    /// For the admin.
    pub(crate) text: String,
    /// Whether it may load later with nothing changed: the machine was busy, or full.
    pub(crate) may_pass: bool,
}

impl Obstacle {
    /// It won't load until somebody changes something.
    fn broken(text: impl Into<String>) -> Self {
        Self::Broken(Trouble { text: text.into(), may_pass: false })
    }
}

impl From<CompileError> for Obstacle {
    fn from(error: CompileError) -> Self {
        let may_pass =
            matches!(error, CompileError::TooSlow { .. } | CompileError::Compiler(_) | CompileError::Io(_));
        Self::Broken(Trouble { text: error.to_string(), may_pass })
    }
}

impl From<LoadError> for Obstacle {
    fn from(error: LoadError) -> Self {
        let may_pass = match &error {
            LoadError::Full => true,
            // How long it took depends on what else the machine does.
            LoadError::Init(failure) => {
                matches!(failure.kind, FailureKind::WallTime | FailureKind::RunningTime | FailureKind::Busy)
            }
            LoadError::MissingExport(_) | LoadError::Misfit(_) | LoadError::Problems(_) => false,
        };
        Self::Broken(Trouble { text: told(&error), may_pass })
    }
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<teahouse_store::Error> for Obstacle {
    fn from(error: teahouse_store::Error) -> Self {
        Self::Ours(error.into())
    }
}

impl Loader {
    /// What became of it, and which generation that was. Nothing: the database failed.
    pub(crate) async fn load(self) -> Option<(Arc<str>, Option<i64>, Outcome)> {
        let row = match plugins::find(self.grounds.db.conn(), &self.id).await {
            Ok(row) => row,
            Err(error) => {
                tracing::warn!(plugin.id = %self.id, %error, "a plugin can't be read");
                return None;
            }
        };
        let id = Arc::clone(&self.id);
        let Some(row) = row else {
            self.resident.house.set_charter(Charter::none());
            return Some((id, None, Outcome::Rests));
        };
        if !row.enabled {
            self.resident.house.set_charter(Charter::none());
            return Some((id, Some(row.generation), Outcome::Rests));
        }
        let generation = Some(row.generation);
        let ended = match self.try_load(&row).await {
            Ok(running) => Ok(Outcome::Runs(Arc::new(running))),
            Err(Obstacle::Broken(trouble)) => self.carry_on(&row).await.map(|earlier| Outcome::Broken {
                digest: row.digest,
                trouble,
                earlier,
            }),
            Err(Obstacle::Ours(error)) => Err(error),
        };
        match ended {
            Ok(outcome) => Some((id, generation, outcome)),
            Err(error) => {
                tracing::warn!(plugin.id = %id, %error, "a plugin can't be loaded now");
                None
            }
        }
    }

    async fn try_load(&self, row: &plugin::Model) -> Result<Running, Obstacle> {
        let conn = self.grounds.db.conn();
        let granted = plugin_grants::of_plugin(conn, &row.id).await?;
        // First of all, whatever fails below: what was taken back is.
        self.resident.house.keep_only(grants(&granted_terms(&granted)));
        let version = plugin_versions::find(conn, &row.digest).await?;
        let version = version.ok_or_else(|| Obstacle::broken("its package is gone"))?;
        let package = read(version).await?;
        let compiled = self.host.compile(package.component().into(), &self.compile).await?;
        let manifest = Arc::new(package.manifest().clone());
        let policy = Policy::from_stored(&row.policy);
        let rooms = self.rooms(&policy, &manifest).await?;
        let terms = effective_grants(&manifest, &granted);
        let bot = self.bot(row, &manifest).await?;
        let name: Arc<str> = manifest.name.as_str().into();
        let grants = grants(&terms);
        self.set_charter(row, &name, &granted, terms, &rooms, bot.clone());
        let config = effective_settings(package.schema(), &row.settings).to_string();
        let spec = self.spec(&manifest, &policy, compiled, config, grants);
        let loaded = self.host.load(spec).await?;
        Ok(Running {
            speaker: Speaker { id: Arc::clone(&self.id), name },
            version: Arc::clone(loaded.version()),
            digest: row.digest.clone(),
            generation: row.generation,
            manifest,
            policy,
            rooms,
            loaded,
            stands_in: false,
            bot,
            resident: Arc::clone(&self.resident),
        })
    }

    fn spec(
        &self,
        manifest: &Manifest,
        policy: &Policy,
        compiled: Compiled,
        config: String,
        grants: Grants,
    ) -> PluginSpec {
        PluginSpec {
            id: Arc::clone(&self.id),
            version: manifest.version.to_string().into(),
            compiled,
            config,
            hooks: exports(manifest),
            limits: limits(manifest, policy, &self.grounds.config),
            grants,
            services: Arc::clone(&self.resident.house) as Arc<dyn Services>,
            telemetry: Arc::clone(&self.resident.telemetry),
        }
    }

    /// What runs goes on, by what was decided since: where it works, what its failures mean, and what it may.
    async fn carry_on(&self, row: &plugin::Model) -> Result<Option<Arc<Running>>, Error> {
        let Some(earlier) = &self.earlier else {
            self.resident.house.set_charter(Charter::none());
            return self.stand_in(row).await;
        };
        let granted = plugin_grants::of_plugin(self.grounds.db.conn(), &row.id).await?;
        let policy = Policy::from_stored(&row.policy);
        let rooms = self.rooms(&policy, &earlier.manifest).await?;
        let terms = effective_grants(&earlier.manifest, &granted);
        earlier.loaded.set_grants(grants(&terms));
        self.set_charter(row, &earlier.speaker.name, &granted, terms, &rooms, earlier.bot.clone());
        Ok(Some(Arc::new(Running { policy, rooms, ..Running::clone(earlier) })))
    }

    /// Nothing of it runs: what its failures mean was decided, and a guard must not be passed because it is broken.
    async fn stand_in(&self, row: &plugin::Model) -> Result<Option<Arc<Running>>, Error> {
        let Some(version) = plugin_versions::find(self.grounds.db.conn(), &row.digest).await? else {
            return Ok(None);
        };
        let Ok(package) = read(version).await else { return Ok(None) };
        let manifest = Arc::new(package.manifest().clone());
        let policy = Policy::from_stored(&row.policy);
        let rooms = self.rooms(&policy, &manifest).await?;
        let version: Arc<str> = manifest.version.to_string().into();
        let house = Arc::clone(&self.resident.house) as Arc<dyn Services>;
        let telemetry = Arc::clone(&self.resident.telemetry);
        Ok(Some(Arc::new(Running {
            speaker: Speaker { id: Arc::clone(&self.id), name: manifest.name.as_str().into() },
            loaded: Loaded::absent(Arc::clone(&self.id), Arc::clone(&version), house, telemetry),
            stands_in: true,
            version,
            digest: row.digest.clone(),
            generation: row.generation,
            manifest,
            policy,
            rooms,
            bot: None,
            resident: Arc::clone(&self.resident),
        })))
    }

    fn set_charter(
        &self,
        row: &plugin::Model,
        name: &Arc<str>,
        granted: &[plugin_grant::Model],
        terms: Vec<Terms>,
        rooms: &RoomSet,
        bot: Option<Session>,
    ) {
        self.resident.house.set_charter(Charter {
            name: Arc::clone(name),
            granted: grants(&granted_terms(granted)),
            rooms: rooms.clone(),
            limits: Policy::from_stored(&row.policy).limits,
            terms: terms.into_iter().map(|terms| (terms.name(), terms)).collect(),
            bot,
            secrets: self.secrets(row),
        });
    }

    async fn rooms(&self, policy: &Policy, manifest: &Manifest) -> Result<RoomSet, Error> {
        match policy.rooms(manifest) {
            Rooms::All => Ok(RoomSet::All),
            Rooms::Chosen => {
                let chosen = plugin_rooms::of_plugin(self.grounds.db.conn(), &self.id).await?;
                Ok(RoomSet::Chosen(chosen.into_iter().collect()))
            }
        }
    }

    /// Its user, where it is a bot. The row remembers who that is, so that others find the plugin by it.
    async fn bot(&self, row: &plugin::Model, manifest: &Manifest) -> Result<Option<Session>, Obstacle> {
        if manifest.hooks.bot.is_none() {
            return Ok(None);
        }
        let name = DisplayName::new(cut(manifest.name.trim(), DisplayName::MAX_CHARS))
            .map_err(|error| Obstacle::broken(format!("its name is no name of a user: {error}")))?;
        let bot = BotUser { plugin: row.id.clone(), name, avatar: None };
        let session = match self.grounds.accounts.bot(&bot).await {
            Ok(session) => session,
            Err(teahouse_accounts::Error::Banned) => {
                return Err(Obstacle::broken("its user is banned"));
            }
            // It is being uninstalled at this moment.
            Err(teahouse_accounts::Error::Deactivated) => {
                return Err(Obstacle::broken("its user is deactivated"));
            }
            Err(error) => return Err(Error::from(error).into()),
        };
        if row.bot_user_id.map(UserId::from_uuid) != Some(session.user_id()) {
            // This grows the generation: it is loaded once more, and finds it there.
            let edit = PluginEdit { bot_user: Some(session.user_id()), ..PluginEdit::default() };
            plugins::update(self.grounds.db.writer(), &row.id, None, edit, self.grounds.clock.now()).await?;
        }
        Ok(Some(session))
    }

    fn secrets(&self, row: &plugin::Model) -> Secrets {
        let Some(sealed) = &row.secrets_sealed else { return Secrets::new() };
        let opened = self.secrets.open(&row.id, sealed);
        // The server's key was changed since: the plugin runs, and what needs a secret says so.
        opened.unwrap_or_else(|| {
            tracing::error!(plugin.id = %row.id, "a plugin's secrets don't open: enter them again");
            Secrets::new()
        })
    }
}

/// Reads the package off the runtime's threads: it is unpacked whole, and judged whole.
async fn read(version: plugin_version::Model) -> Result<Package, Obstacle> {
    let broken = |text: String| Obstacle::broken(format!("its package can't be read: {text}"));
    let read = tokio::task::spawn_blocking(move || {
        let package = Package::read(&version.package).map_err(|error| error.to_string())?;
        if package.digest().to_string() != version.digest {
            return Err("it is not what was installed: another digest".to_owned());
        }
        Ok(package)
    });
    read.await.map_err(|error| broken(error.to_string()))?.map_err(broken)
}

fn exports(manifest: &Manifest) -> Exports {
    let hooks = &manifest.hooks;
    Exports { filter: hooks.filter.is_some(), gate: hooks.gate.is_some(), bot: hooks.bot.is_some() }
}

pub(super) fn grants(terms: &[Terms]) -> Grants {
    terms.iter().filter_map(|terms| Capability::find(terms.name().as_str())).collect()
}

fn limits(manifest: &Manifest, policy: &Policy, config: &crate::PluginsConfig) -> Limits {
    const MIB: usize = 1024 * 1024;
    let memory_bytes = usize::try_from(policy.limits.memory_mib(manifest)).unwrap_or(1) * MIB;
    let hooks = &manifest.hooks;
    let mut filter = HookLimits { memory_bytes, ..HookLimits::filter() };
    if let Some(instances) = NonZeroUsize::new(config.filter_instances.into()) {
        filter.instances = instances;
    }
    let asked = hooks.filter.as_ref().map(|hook| (hook.running, hook.wall()));
    let asked = asked.or(hooks.gate.as_ref().map(|hook| (hook.running, hook.wall())));
    if let Some((running, wall)) = asked {
        filter.running = policy.limits.filter_running(running);
        filter.wall = policy.limits.filter_wall(wall, filter.running);
    }
    filter.reply_bytes = filter.reply_bytes.max(convert::LARGEST_REPLY_BYTES);
    filter.data_bytes = policy.limits.filter_data_bytes(filter.data_bytes);
    filter.waiting_of_one = config.waiting_of_one();
    let concurrency = hooks.bot.as_ref().map_or(1, |hook| usize::from(hook.concurrency));
    let mut bot = HookLimits {
        memory_bytes,
        ..HookLimits::bot(NonZeroUsize::new(concurrency).unwrap_or(NonZeroUsize::MIN))
    };
    if let Some(hook) = &hooks.bot {
        bot.running = policy.limits.bot_running(hook.running);
        bot.wall = policy.limits.bot_wall(hook.wall);
    }
    bot.data_bytes = policy.limits.bot_data_bytes(bot.data_bytes);
    let isolation = match policy.limits.isolation(manifest) {
        Kept::Warm => Isolation::Warm,
        Kept::Call => Isolation::Call,
    };
    Limits { filter, bot, isolation, ..Limits::default() }
}

/// A version that is not running, loaded beside what runs: for a replay.
pub(crate) struct Beside<'a> {
    pub(crate) host: &'a Host,
    pub(crate) compile: &'a Compile,
    pub(crate) config: &'a crate::PluginsConfig,
    pub(crate) package: &'a Package,
    pub(crate) settings: String,
    pub(crate) terms: &'a [Terms],
    pub(crate) policy: &'a Policy,
}

impl Beside<'_> {
    /// Loads it, with `services` for its house.
    pub(crate) async fn load(self, services: Arc<dyn Services>) -> Result<Arc<Loaded>, Error> {
        let manifest = self.package.manifest();
        let compiled = self.host.compile(self.package.component().into(), self.compile).await;
        let spec = PluginSpec {
            id: manifest.id.shared(),
            version: manifest.version.to_string().into(),
            compiled: compiled.map_err(|error| Error::NotRunning(error.to_string()))?,
            config: self.settings,
            hooks: exports(manifest),
            limits: limits(manifest, self.policy, self.config),
            grants: grants(self.terms),
            services,
            telemetry: Arc::default(),
        };
        self.host.load(spec).await.map_err(|error| Error::NotRunning(told(&error)))
    }
}

/// Why a component does not load, with the fields that it complains of.
fn told(error: &LoadError) -> String {
    match error {
        LoadError::Problems(problems) => {
            let problems: Vec<String> =
                problems.iter().map(|problem| format!("{}: {}", problem.field, problem.text)).collect();
            format!("it refuses its settings: {}", problems.join("; "))
        }
        other => other.to_string(),
    }
}
