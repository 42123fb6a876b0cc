//! The sandbox's front door: one engine for all plugins of the process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::compile::{self, COMPILE_TIME, Cache, Compile, CompileLimits, Compiled};
use crate::engine::{self, Metering};
use crate::error::{CompileError, HostError, LoadError};
use crate::grants::LiveGrants;
use crate::imports;
use crate::instance::Template;
use crate::limits::{COMPONENT_BYTES, COMPONENT_BYTES_CAP};
use crate::loaded::{Exports, Loaded, PluginSpec, Shared};
use crate::pool::Pool;
use crate::state::State;
use crate::ticker::Ticker;

/// Compiled code that is no older is kept, whoever it is for: its component may just be coming in.
const YOUNG: Duration = Duration::from_secs(3_600);

/// How the sandbox is set up.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// Folder of compiled code; none: compiled at each start.
    pub cache: Option<PathBuf>,
    /// Instances of all plugins together. Each reserves addresses, not memory.
    pub slots: u32,
    /// A component's largest size in bytes.
    pub component_bytes: usize,
    /// The longest that compiling in a child may take.
    pub compile_time: Duration,
    /// With fuel, components are compiled in this process alone.
    pub metering: Metering,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            cache: None,
            slots: 1_000,
            component_bytes: COMPONENT_BYTES,
            compile_time: COMPILE_TIME,
            metering: Metering::Time,
        }
    }
}

/// The engine, its clock, its cache and the functions that plugins are linked to. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    engine: Engine,
    ticker: Arc<Ticker>,
    linker: Arc<Linker<State>>,
    cache: Option<Arc<Cache>>,
    limits: CompileLimits,
}

impl Host {
    /// Sets the sandbox up. Once a process: it reserves addresses for all its slots.
    ///
    /// # Errors
    /// [`HostError`]: the machine doesn't allow it, or the cache's folder isn't ours.
    pub fn new(config: &HostConfig) -> Result<Self, HostError> {
        let engine = engine::runtime(config.slots, config.metering)?;
        let mut linker = Linker::new(&engine);
        imports::link(&mut linker).map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let compatibility = engine::compatibility(&engine);
        let cache = config.cache.as_ref().map(|folder| Cache::open(folder, compatibility)).transpose()?;
        Ok(Self {
            ticker: Arc::new(Ticker::start(engine.weak())?),
            linker: Arc::new(linker),
            cache: cache.map(Arc::new),
            limits: CompileLimits {
                component_bytes: config.component_bytes.min(COMPONENT_BYTES_CAP),
                time: config.compile_time,
                metering: config.metering,
            },
            engine,
        })
    }

    /// Compiles a component, or takes it from the cache. On a thread of its own; takes milliseconds to seconds, so
    /// never on a message's path.
    ///
    /// # Errors
    /// [`CompileError`]
    pub async fn compile(&self, component: Arc<[u8]>, how: &Compile) -> Result<Compiled, CompileError> {
        compile::compile(&self.engine, self.cache.as_ref(), component, self.limits, how).await
    }

    /// Makes a plugin that can be called: links it, makes its first instance and runs `init` on it.
    ///
    /// # Errors
    /// [`LoadError`]; nothing of the plugin is left then.
    pub async fn load(&self, spec: PluginSpec) -> Result<Arc<Loaded>, LoadError> {
        let hooks = spec.hooks;
        let component = self
            .linker
            .instantiate_pre(&spec.compiled.component)
            .map_err(|error| LoadError::Misfit(format!("{error:#}")))?;
        let template = |hooks: Exports| {
            let (engine, ticker) = (self.engine.clone(), Arc::clone(&self.ticker));
            Template::new(engine, ticker, component.clone(), hooks, self.limits.metering).map(Arc::new)
        };
        let filters = template(Exports { bot: false, ..hooks })?;
        let bots = template(Exports { bot: hooks.bot, ..Exports::default() })?;
        let (filter_limits, bot_limits) = (spec.limits.filter.clone(), spec.limits.bot.clone());
        let shared = Arc::new(Shared::from(spec));
        // A plugin without any hook is started all the same, so that its settings are looked at.
        let has_filters = hooks.filter || hooks.gate || !hooks.bot;
        let filters = match has_filters {
            true => Some(Pool::start(filters, Arc::clone(&shared), filter_limits).await?),
            false => None,
        };
        let bots = match hooks.bot {
            true => Some(Pool::start(bots, Arc::clone(&shared), bot_limits).await?),
            false => None,
        };
        Ok(Arc::new(Loaded { shared, filters, bots }))
    }

    /// Forgets compiled code of all components but those with these digests, and what was written within the hour.
    /// Returns how many files went. Blocks for a moment.
    ///
    /// # Errors
    /// Those of the folder.
    pub fn forget_all_but(&self, component_digests: &[String]) -> std::io::Result<usize> {
        self.cache.as_ref().map_or(Ok(0), |cache| cache.retain(component_digests, YOUNG))
    }
}

impl From<PluginSpec> for Shared {
    fn from(spec: PluginSpec) -> Self {
        Self {
            id: spec.id,
            version: spec.version,
            config: spec.config,
            limits: spec.limits,
            grants: LiveGrants::new(spec.grants),
            services: spec.services,
            telemetry: spec.telemetry,
        }
    }
}
