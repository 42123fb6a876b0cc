//! Laying the layers over each other, and turning them into the root struct.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;

use super::keys::{self, Key};
use super::layer::{Layer, Setting};
use super::problem::{Origin, Problem, Problems};
use super::{Config, environment, file, rules};
use crate::simulator;

/// The file that is read where none is named, if it is there.
const USUAL_FILE: &str = "teahouse.toml";

/// Where settings come from, beside the defaults.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The file named by `--config`.
    pub(crate) file: Option<PathBuf>,
    /// The environment, ours or not.
    pub(crate) environment: Vec<(String, String)>,
    /// Flags: key, text, and the flag as the user wrote it.
    pub(crate) flags: Vec<(String, String, String)>,
}

/// A configuration that is right, and where each of its settings comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) settings: Settings,
}

/// The setting in force of each key.
#[derive(Debug, Default)]
pub(crate) struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    /// Where the key at `path` was set.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        self.0.get(path).map_or(Origin::Default, |setting| setting.origin.clone())
    }

    /// Whether somebody wrote the key at `path`.
    pub(crate) fn is_written(&self, path: &str) -> bool {
        self.origin(path).is_written()
    }

    /// Each key in the reference's order, with its setting where it has one.
    pub(crate) fn by_key(&self) -> impl Iterator<Item = (&'static Key, Option<&Setting>)> {
        keys::ALL.iter().map(|key| (key, self.0.get(key.path)))
    }

    fn lay(&mut self, layer: &Layer) {
        self.0.extend(layer.settings.iter().map(|setting| (setting.key.path, setting.clone())));
    }
}

/// Reads all layers, and judges the whole.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub(crate) fn load(sources: Sources) -> Result<Loaded, Problems> {
    let mut written = vec![file_layer(sources.file)?, environment::layer(sources.environment.into_iter())];
    written.push(flag_layer(sources.flags));
    let problems: Vec<_> = written.iter_mut().flat_map(|layer| std::mem::take(&mut layer.problems)).collect();
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let mut layers = vec![default_layer()];
    if mode_of(&written) != Some("production") {
        layers.push(development_layer());
    }
    layers.extend(written);
    let loaded = assemble(&layers)?;
    match rules::broken(&loaded) {
        broken if broken.is_empty() => Ok(loaded),
        broken => Err(Problems(broken)),
    }
}

fn assemble(layers: &[Layer]) -> Result<Loaded, Problems> {
    let mut settings = Settings::default();
    let mut figment = Figment::new();
    for layer in layers {
        settings.lay(layer);
        figment = figment.merge(layer);
    }
    let config: Config = figment.extract().map_err(|errors| refused(errors, &settings))?;
    Ok(Loaded { config, settings })
}

/// What a section's own types refuse, such as a mini-program's id with a space in it.
fn refused(errors: figment::Error, settings: &Settings) -> Problems {
    let problem = |error: figment::Error| {
        let path = error.path.join(".");
        let key: Vec<_> = error.path.iter().take(2).map(String::as_str).collect();
        Problem::new(settings.origin(&key.join(".")), format!("{path}: {}", error.kind))
    };
    Problems(errors.into_iter().map(problem).collect())
}

/// It decides which defaults there are, and so is looked up before the layers are laid.
fn mode_of(written: &[Layer]) -> Option<&str> {
    let mut settings = written.iter().flat_map(|layer| &layer.settings);
    settings.rfind(|setting| setting.key.path == "mode")?.value.as_str()
}

fn default_layer() -> Layer {
    let mut layer = Layer::new("defaults");
    for key in keys::ALL {
        if let Some(text) = key.default {
            layer.read(key.path, text, Origin::Default);
        }
    }
    layer
}

fn development_layer() -> Layer {
    let mut layer = Layer::new("development mode");
    layer.read("guests.allowed", "true", Origin::DevelopmentDefault);
    layer.read("wechat.apps", &simulator::apps(), Origin::DevelopmentDefault);
    layer.read("plugins.require_signature", "false", Origin::DevelopmentDefault);
    layer
}

fn file_layer(named: Option<PathBuf>) -> Result<Layer, Problems> {
    let is_named = named.is_some();
    let path = named.unwrap_or_else(|| USUAL_FILE.into());
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(file::layer(&path, &text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => {
            Ok(Layer::new("configuration file"))
        }
        Err(error) => {
            let origin = Origin::File { path, line: None };
            Err(Problems(vec![Problem::new(origin, format!("the file can't be read: {error}"))]))
        }
    }
}

fn flag_layer(flags: Vec<(String, String, String)>) -> Layer {
    let mut layer = Layer::new("flags");
    for (path, text, flag) in flags {
        layer.read(&path, &text, Origin::Flag(flag));
    }
    layer
}

#[cfg(test)]
#[path = "load/tests.rs"]
mod tests;
