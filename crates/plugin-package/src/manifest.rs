//! `plugin.toml`: what a plugin is, which hooks it wants, and what it asks for.

mod capability;
mod command;
mod consent;
mod difference;
mod doubts;
mod hooks;
mod host;
mod keys;
mod limits;
mod read;

#[cfg(test)]
mod tests;

use semver::Version;

pub use capability::{Act, Ask, CapabilityName, Method, Terms};
pub use command::{Arguments, Command, CommandOption, CommandRole, OptionKind};
pub use consent::{Sentence, Severity};
pub use difference::{Difference, HookChange, TermsChange};
pub use hooks::{BotHook, EventKind, FilterHook, GateHook, Hooks, MessageKind, OnError, Rooms, Subject};
pub use host::{HostPattern, InvalidHost};
pub use limits::{Isolation, Limits};

use crate::{Api, PluginId, Problem, Problems};

/// A manifest whose every key is known and every limit below its cap. Made by [`Manifest::parse`] alone.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// Who the plugin is; the same in each version.
    pub id: PluginId,
    /// What people call it, at most 64 characters; its bot user gets this name. Locales may translate it.
    pub name: String,
    /// One line on what it does, at most 300 characters.
    pub description: Option<String>,
    /// Its version.
    pub version: Version,
    /// The interface that it was made for.
    pub api: Api,
    /// Its licence, as its author wrote it.
    pub license: Option<String>,
    /// Where more is said about it: an `https` address.
    pub homepage: Option<String>,
    /// The languages that have a `locales/LANG.json`.
    pub languages: Vec<String>,
    /// The hooks that it wants, one at least.
    pub hooks: Hooks,
    /// What it asks for, each capability at most once, in the order of [`CapabilityName`].
    pub capabilities: Vec<Ask>,
    /// What it may use up.
    pub limits: Limits,
    /// The file with the schema of its settings.
    pub schema: Option<String>,
    /// Secrets that an admin enters. They are stored encrypted and reach only the headers of `http`.
    pub secrets: Vec<String>,
    /// The commands of its bot.
    pub commands: Vec<Command>,
}

impl Manifest {
    /// The manifest's name in a package.
    pub const FILE: &'static str = "plugin.toml";
    /// The component's name in a package.
    pub const COMPONENT: &'static str = "plugin.wasm";
    /// Most bytes of a manifest.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`Problems`]: all that is wrong, each with its key; or the one place where it is no TOML.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        read::manifest(text)
    }

    /// What an admin is asked for, in the order in which it is shown.
    #[must_use]
    pub fn asks(&self) -> &[Ask] {
        &self.capabilities
    }

    /// What it asks of `capability`.
    #[must_use]
    pub fn ask(&self, capability: CapabilityName) -> Option<&Ask> {
        self.capabilities.iter().find(|ask| ask.terms.name() == capability)
    }

    /// What this version asks beyond `before`: anything new is a new consent.
    #[must_use]
    pub fn difference(&self, before: &Self) -> Difference {
        Difference::between(before, self)
    }

    /// What an admin should know of its hooks, one sentence each.
    #[must_use]
    pub fn hook_sentences(&self) -> Vec<Sentence> {
        consent::hooks(&self.hooks)
    }

    /// What is allowed but probably not meant, such as a capability that no hook could use.
    #[must_use]
    pub fn doubts(&self) -> Vec<Problem> {
        doubts::doubts(self)
    }

    /// The name of the package's file: `word-guard-1.4.0.teaplugin`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}-{}.{}", self.id.slug(), self.version, crate::Package::EXTENSION)
    }
}
