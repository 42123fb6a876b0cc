//! `teahouse plugin`: what authors work with, and what an operator decides. The operator's commands change the database
//! of the configuration; a server that runs on it sees the change within a second.

mod operate;
mod replay;
mod shown;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use teahouse_plugin_package::{CapabilityName, Digest, PluginId};

use super::moment::Moment;
use crate::config::Loaded;
use crate::serve;

#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// For authors
    #[command(flatten)]
    Author(teahouse_plugin_tool::AuthorCommand),
    /// For operators
    #[command(flatten)]
    Operator(OperatorCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum OperatorCommand {
    /// Take in a package: it is unpacked, checked, compiled and tried, and nothing of it runs yet
    Install(Install),
    /// List the plugins that are installed
    List,
    /// Show a plugin: what it is, what it may, how it works, and the versions that are kept
    Show {
        /// The plugin
        plugin: PluginId,
    },
    /// Agree to what a plugin asks for; without a capability, show what that is
    Grant(Grant),
    /// Take a capability back
    Revoke {
        /// The plugin
        plugin: PluginId,
        /// The capability
        capability: CapabilityName,
    },
    /// Let a plugin work
    Enable {
        /// The plugin
        plugin: PluginId,
    },
    /// Let a plugin rest: its settings, grants and what it stored stay
    Disable {
        /// The plugin
        plugin: PluginId,
    },
    /// Let another version take over: the newest that is kept, or the one of a package
    Upgrade {
        /// The plugin
        plugin: PluginId,
        /// The digest of the version's package
        #[arg(long)]
        digest: Option<Digest>,
    },
    /// Go back to the version before
    Rollback {
        /// The plugin
        plugin: PluginId,
    },
    /// Try a quarantined plugin again
    Retry {
        /// The plugin
        plugin: PluginId,
    },
    /// Show what another version, or other settings, would have said to what people said; nothing is touched
    Replay(Replay),
    /// Show a plugin's settings, or change them
    Settings(Settings),
    /// Show what was decided about a plugin, or decide: its place, what its failures mean, its limits
    Policy(Policy),
    /// Let a plugin work in a room, or no more
    Rooms(Rooms),
    /// Print what a plugin logged on a running server
    Logs(Logs),
    /// Throw a plugin out, with every version of it and what it stored
    Uninstall {
        /// The plugin
        plugin: PluginId,
        /// Keep what it stored, for the case that it comes back
        #[arg(long)]
        keep_data: bool,
        /// Don't ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Install {
    /// The package, a .teaplugin file
    file: PathBuf,
    /// Refuse a file with another digest
    #[arg(long)]
    digest: Option<Digest>,
}

#[derive(Debug, Args)]
pub(super) struct Grant {
    /// The plugin
    plugin: PluginId,
    /// The capabilities to agree to
    capabilities: Vec<CapabilityName>,
    /// Agree to everything that it asks for, what it can do without included
    #[arg(long, conflicts_with = "capabilities")]
    all: bool,
    /// Agree to everything that it can't do without
    #[arg(long, conflicts_with_all = ["capabilities", "all"])]
    required: bool,
    /// The digest of the version's package; without it, the newest version
    #[arg(long)]
    digest: Option<Digest>,
}

#[derive(Debug, Args)]
pub(super) struct Settings {
    /// The plugin
    plugin: PluginId,
    /// A JSON file with all settings, in place of those that are saved
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Changes one setting, such as --change greeting="Hello"; the value is JSON, or else text
    #[arg(long, value_name = "NAME=VALUE")]
    change: Vec<String>,
    /// Sets a secret; its value is read from standard input
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Policy {
    /// The plugin
    plugin: PluginId,
    /// Decides one thing, such as --change filter.on_error=hold or --change limits.memory_mib=32; without a value it is again
    /// as the manifest proposes
    #[arg(long, value_name = "NAME=VALUE")]
    change: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// A package (a .teaplugin file), or an installed plugin, whose newest kept version is tried
    #[arg(value_name = "PACKAGE_FILE|PLUGIN_ID")]
    what: String,
    /// How far back: a span such as 90m, 2h or 7d, a day such as 2026-11-20 (UTC), or an RFC 3339 time
    #[arg(long, value_name = "SPAN|DATE")]
    since: Moment,
    /// A JSON file with the settings to try, in place of those that are saved
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Rooms {
    /// The plugin
    plugin: PluginId,
    /// Let it work in this room
    #[arg(long, value_name = "ROOM")]
    add: Vec<uuid::Uuid>,
    /// Let it work in this room no more
    #[arg(long, value_name = "ROOM")]
    remove: Vec<uuid::Uuid>,
}

#[derive(Debug, Args)]
pub(super) struct Logs {
    /// The plugin
    plugin: PluginId,
    /// The server's address
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// A key that administers, as `teahouse token key NAME --admin` makes it
    #[arg(long, env = "TEAHOUSE_ADMIN_KEY", hide_env_values = true)]
    key: String,
    /// Only lines of this level and above
    #[arg(long, default_value = "debug")]
    level: String,
}

impl PluginCommand {
    pub(super) fn run(
        self,
        load: impl FnOnce() -> Result<Loaded, crate::config::Problems>,
    ) -> Result<(), super::Failure> {
        match self {
            Self::Author(command) => Ok(command.run()?),
            Self::Operator(command) => {
                let loaded = load()?;
                Ok(serve::block_on_one_thread(operate::run(command, &loaded.config))?)
            }
        }
    }
}
