//! The server's own sandbox, with one plugin and a house in memory.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;
use teahouse_plugin_host::{
    Capability, Compile, Compiled, Exports, Grants, HookLimits, Host, HostConfig, Isolation, Limits,
    LoadError, Loaded, Metering, PluginSpec, Telemetry,
};
use teahouse_plugin_package::{CapabilityName, Digest, Isolation as Wanted, Manifest};

use crate::command::Language;
use crate::house::House;
use crate::project::Project;

/// Instances of all calls together: one plugin, used by one author.
const SLOTS: u32 = 40;

/// A component of this size is JavaScript's or Python's, and compiled for seconds.
const SLOW_BYTES: usize = 4 * 1024 * 1024;

/// A compiled plugin.
pub(crate) struct Sandbox {
    host: Host,
    compiled: Compiled,
    /// What compiling took, or reading what was compiled before.
    pub(crate) compile_time: Duration,
    /// Whether it was compiled before.
    pub(crate) was_compiled: bool,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) house: Arc<House>,
}

/// How a plugin is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// A fresh instance for each call, whatever the manifest says.
    pub(crate) fresh: bool,
    /// How many times longer than on a server a call may take.
    pub(crate) patience: u32,
}

impl Sandbox {
    /// Compiles `component`, or takes what was compiled before.
    pub(crate) async fn open(project: &Project, component: Vec<u8>, metering: Metering) -> Result<Self> {
        let cache: PathBuf = project.scratch()?.join("compiled");
        let config =
            HostConfig { cache: Some(cache.clone()), slots: SLOTS, metering, ..HostConfig::default() };
        let host = Host::new(&config)?;
        let digest = Digest::of(&component).to_string();
        let kept = |folder: &Path| names(folder).iter().filter(|name| name.starts_with(&digest)).count();
        let before = kept(&cache);
        if component.len() > SLOW_BYTES && before == 0 {
            eprintln!("compiling plugin.wasm, which takes its time once after each build");
        }
        let start = Instant::now();
        let compiled = host.compile(component.into(), &Compile::InProcess).await?;
        Ok(Self {
            host,
            was_compiled: kept(&cache) == before,
            compiled,
            compile_time: start.elapsed(),
            telemetry: Arc::new(Telemetry::default()),
            house: House::new(&project.manifest),
        })
    }

    /// Starts the plugin with these settings and grants.
    pub(crate) async fn load(
        &self,
        project: &Project,
        settings: &Value,
        grants: Grants,
        manner: Manner,
    ) -> Result<Arc<Loaded>, LoadError> {
        let manifest = &project.manifest;
        let spec = PluginSpec {
            id: manifest.id.shared(),
            version: manifest.version.to_string().into(),
            compiled: self.compiled.clone(),
            config: settings.to_string(),
            hooks: Exports {
                filter: manifest.hooks.filter.is_some(),
                gate: manifest.hooks.gate.is_some(),
                bot: manifest.hooks.bot.is_some(),
            },
            limits: limits(manifest, manner),
            grants,
            services: self.house.clone(),
            telemetry: Arc::clone(&self.telemetry),
        };
        self.host.load(spec).await
    }
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// What a failed start says to the author.
pub(crate) fn explained(project: &Project, error: LoadError) -> anyhow::Error {
    match error {
        LoadError::Problems(problems) => {
            let lines: Vec<_> =
                problems.iter().map(|problem| format!("  {}: {}", problem.field, problem.text)).collect();
            anyhow!("the plugin refuses its settings:\n{}", lines.join("\n"))
        }
        LoadError::MissingExport(name) => {
            anyhow!("plugin.toml has [hooks.{name}], but the component doesn't export {name}")
        }
        LoadError::Init(failure) => {
            let backtrace = failure.backtrace.clone().unwrap_or_default();
            let hint = match project.language() {
                Ok(Language::Js) => {
                    "src/plugin.js must export `setup` and each hook: `export const { setup, filter } = plugin({ … })`"
                }
                Ok(Language::Python) => "src/app.py must end with `export(YourPlugin(), globals())`",
                _ => "",
            };
            let lines = [hint, backtrace.trim()].into_iter().filter(|line| !line.is_empty());
            let lines = lines.map(|line| format!("\n{line}")).collect::<String>();
            anyhow!("the plugin doesn't start: {failure}{lines}")
        }
        other => other.into(),
    }
}

/// All that the manifest asks for, optional or not.
pub(crate) fn all_asked(manifest: &Manifest) -> Grants {
    manifest.asks().iter().filter_map(|ask| capability(ask.terms.name())).collect()
}

pub(crate) fn capability(name: CapabilityName) -> Option<Capability> {
    Capability::find(name.as_str())
}

/// The defaults, with what `file` has over them; what the schema refuses is an error.
pub(crate) fn settings(project: &Project, file: Option<&PathBuf>) -> Result<Value> {
    let given = match file {
        Some(file) => serde_json::from_str(&crate::project::read_text(file)?)
            .with_context(|| format!("{} is not JSON", file.display()))?,
        None => Value::Null,
    };
    complete(project, &given)
}

/// `given` with the defaults of what it leaves out.
pub(crate) fn complete(project: &Project, given: &Value) -> Result<Value> {
    let settings = project.schema.complete(given);
    let problems = project.schema.validate(&settings);
    if problems.is_empty() {
        return Ok(settings);
    }
    let lines: Vec<_> = problems.iter().map(|problem| format!("  {problem}")).collect();
    Err(anyhow!("the settings don't fit config.schema.json:\n{}", lines.join("\n")))
}

fn limits(manifest: &Manifest, manner: Manner) -> Limits {
    let memory_bytes = manifest.limits.memory_mib as usize * 1024 * 1024;
    let patience = manner.patience;
    let hooks = &manifest.hooks;
    let filter_time = hooks.filter.as_ref().map(|hook| (hook.running, hook.wall()));
    let gate_time = hooks.gate.as_ref().map(|hook| (hook.running, hook.wall()));
    // A plugin with both has one pool for both: the longer time is what the server allows.
    let time = filter_time.max(gate_time);
    let mut filter = HookLimits { memory_bytes, instances: NonZeroUsize::MIN, ..HookLimits::filter() };
    if let Some((running, wall)) = time {
        (filter.running, filter.wall) = (running * patience, wall * patience);
    }
    let mut bot = HookLimits { memory_bytes, ..HookLimits::bot(NonZeroUsize::MIN) };
    if let Some(hook) = &hooks.bot {
        (bot.running, bot.wall) = (hook.running * patience, hook.wall * patience);
    }
    let warm = manifest.limits.isolation == Wanted::Warm && !manner.fresh;
    Limits {
        filter,
        bot,
        isolation: if warm { Isolation::Warm } else { Isolation::Call },
        ..Limits::default()
    }
}
