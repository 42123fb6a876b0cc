//! Trials in the real sandbox.

use std::sync::Arc;

use async_trait::async_trait;
use teahouse_plugin_host::{
    Compile, CompileError, Exports, Grants, Host, HostConfig, HostError, Isolation, Limits, LoadError,
    PluginSpec, Telemetry,
};
use teahouse_plugin_package::{Manifest, Problem, Problems};

use super::nowhere::Nowhere;
use super::{Trial, TrialError, Trials};

/// Instances of trials at once in a process that runs no plugins: a form is saved now and then.
const SLOTS: u32 = 8;

/// Tries versions in the sandbox, compiled as the server compiles them: what passes is in its cache already.
#[derive(Clone)]
pub struct HostTrials {
    host: Host,
    compile: Compile,
}

impl HostTrials {
    /// Trials beside the plugins that `host` runs. `compile` says where the compiler runs.
    #[must_use]
    pub const fn new(host: Host, compile: Compile) -> Self {
        Self { host, compile }
    }

    /// Trials in a process that runs no plugins, such as a command.
    ///
    /// # Errors
    /// [`HostError`] when the sandbox can't be set up here.
    pub fn alone(config: HostConfig, compile: Compile) -> Result<Self, HostError> {
        Ok(Self::new(Host::new(&HostConfig { slots: SLOTS, ..config })?, compile))
    }
}

#[async_trait]
impl Trials for HostTrials {
    async fn run(&self, trial: Trial<'_>) -> Result<(), TrialError> {
        let manifest = trial.package.manifest();
        let component: Arc<[u8]> = trial.package.component().into();
        let compiled = self.host.compile(component, &self.compile).await?;
        let spec = PluginSpec {
            id: manifest.id.shared(),
            version: manifest.version.to_string().into(),
            compiled,
            config: trial.settings.to_string(),
            hooks: hooks(manifest),
            limits: limits(trial.memory_mib),
            grants: Grants::none(),
            services: Arc::new(Nowhere),
            telemetry: Arc::new(Telemetry::default()),
        };
        self.host.load(spec).await.map(drop).map_err(TrialError::from)
    }
}

fn hooks(manifest: &Manifest) -> Exports {
    let hooks = &manifest.hooks;
    Exports { filter: hooks.filter.is_some(), gate: hooks.gate.is_some(), bot: hooks.bot.is_some() }
}

/// As it will run, but for the one instance that is thrown away.
fn limits(memory_mib: u32) -> Limits {
    let bytes = usize::try_from(memory_mib).unwrap_or(usize::MAX).saturating_mul(1024 * 1024);
    let mut limits = Limits { isolation: Isolation::Call, ..Limits::default() };
    limits.filter.memory_bytes = bytes;
    limits.bot.memory_bytes = bytes;
    limits
}

impl From<CompileError> for TrialError {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Io(cause) => Self::OurSide(format!("compiling: {cause}")),
            error => Self::Component(error.to_string()),
        }
    }
}

impl From<LoadError> for TrialError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Problems(problems) => Self::refused(problems),
            // Its message says what it is, and the frame where.
            LoadError::Init(failure) => Self::Component(format!("init: {failure}")),
            LoadError::Full => Self::OurSide(error.to_string()),
            LoadError::MissingExport(_) | LoadError::Misfit(_) => Self::Component(error.to_string()),
        }
    }
}

impl TrialError {
    /// A plugin says what is wrong in one language of its choice.
    fn refused(problems: Vec<teahouse_plugin_host::wit::Problem>) -> Self {
        let problems = problems
            .into_iter()
            .map(|problem| Problem::new(problem.field, problem.text.clone(), problem.text));
        match Problems::check(problems.collect()) {
            Err(problems) => Self::Settings(problems),
            Ok(()) => Self::Component("init refuses its settings, and does not say why".to_owned()),
        }
    }
}
