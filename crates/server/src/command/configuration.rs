//! `teahouse config`.

use clap::Subcommand;

use super::Failure;
use crate::config::{Loaded, print, reference};
use crate::serve::SignIns;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Say whether the configuration is right; if not, what is wrong, where, and what would be right
    Check,
    /// Print the settings in force with the source of each, secrets masked
    Print,
    /// Print every key with its default and meaning, as docs/configuration.md has them
    Reference,
}

impl ConfigCommand {
    pub(super) fn run(&self, loaded: &Loaded) -> Result<(), Failure> {
        match self {
            Self::Check => println!("{}", verdict(loaded)),
            Self::Reference => print!("{}", reference()),
            Self::Print => print!("{}", print(&loaded.settings)),
        }
        Ok(())
    }
}

/// What to say of a configuration that is right.
fn verdict(loaded: &Loaded) -> String {
    let written = loaded.settings.by_key().filter(|(key, _)| loaded.settings.is_written(key.path)).count();
    format!(
        "The configuration is right: mode {}, {written} settings written, the others are defaults.\n\
         Who can sign in: {}",
        loaded.config.mode,
        SignIns::of(&loaded.config)
    )
}
