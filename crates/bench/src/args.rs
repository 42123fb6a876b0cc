//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::{contestant::Name, plugins::Subject, scenario::Scenario};

/// Benchmarks against peers, from the outside.
#[derive(Debug, Parser)]
#[command(name = "teahouse-bench", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure chat: fan-out, latency, memory, connecting, durable sends
    Chat(ChatArgs),
    /// Measure what plugins cost: a message that filters look at, a call, an idle plugin, a start with many
    Plugins(PluginsArgs),
    /// Be the bare broadcast loop that the others are measured against (the benchmark starts it by itself)
    BareServer,
}

/// Where and how long: alike for all benchmarks.
#[derive(Debug, Clone, Args)]
pub(crate) struct Stage {
    /// The server's program; default: release/teahouse in the target folder
    #[arg(long, value_name = "FILE")]
    pub(crate) server: Option<PathBuf>,
    /// Milliseconds that each repetition is measured for
    #[arg(long, value_name = "MS", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub(crate) window_ms: u64,
    /// Repetitions, the servers taking turns; medians are printed
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) reps: u32,
    /// One short repetition and less of everything: shows that all of it works, not how fast
    #[arg(long, conflicts_with_all = ["window_ms", "reps"])]
    pub(crate) quick: bool,
    /// The core of the server under test; default: the last but one of those allowed
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// The core of the load; default: the last of those allowed
    #[arg(long, value_name = "CORE")]
    pub(crate) client_core: Option<usize>,
    /// Where databases and logs go for the time of the run; default: in the target folder, because a folder in
    /// memory would make commits cheaper than they are
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Write the figures to this file as JSON as well
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// What to measure of chat.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChatArgs {
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Measure these scenarios only (may be given several times); default: all
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) scenario: Vec<Scenario>,
    /// Measure these servers only; default: all
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<Name>,
    /// Connections of the idle scenario
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub(crate) idle_connections: Option<u32>,
}

/// What to measure of plugins. The server must have been built, and the three files below: `cargo xtask bench plugins`
/// builds all of them.
#[derive(Debug, Clone, Args)]
pub(crate) struct PluginsArgs {
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Measure these subjects only (may be given several times); default: all
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) subject: Vec<Subject>,
    /// The component that lets everything through; default: plugins/components/noop-filter.wasm in the target folder
    #[arg(long, value_name = "FILE")]
    pub(crate) noop: Option<PathBuf>,
    /// The program that measures calls; default: release/examples/call in the target folder
    #[arg(long, value_name = "FILE")]
    pub(crate) call: Option<PathBuf>,
    /// The folder with the bundled plugins and their components in `dist`
    #[arg(long, value_name = "DIR", default_value = "plugins")]
    pub(crate) bundled: PathBuf,
}

/// How long and how often, after `--quick` has had its say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) reps: u32,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

/// How many come, and stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throng {
    pub(crate) idle_connections: usize,
    pub(crate) connects: usize,
    /// Who come back to rooms with a history, and how many messages it has in all.
    pub(crate) returning: usize,
    pub(crate) stored: usize,
}

impl Stage {
    /// How much is done.
    pub(crate) fn effort(&self) -> Effort {
        let window = Duration::from_millis(if self.quick { 300 } else { self.window_ms });
        Effort {
            reps: if self.quick { 1 } else { self.reps },
            // Long enough for Node's compiler to have seen the loop.
            warm_up: window.min(Duration::from_millis(500)),
            window,
        }
    }
}

impl ChatArgs {
    /// How many come.
    pub(crate) fn throng(&self) -> Throng {
        let quick = self.stage.quick;
        Throng {
            idle_connections: self.idle_connections.unwrap_or(if quick { 1000 } else { 10_000 }) as usize,
            connects: if quick { 1000 } else { 5000 },
            returning: if quick { 1000 } else { 10_000 },
            stored: if quick { 20_000 } else { 1_000_000 },
        }
    }

    /// The scenarios asked for, in their own order.
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        Scenario::ALL.into_iter().filter(|s| self.scenario.is_empty() || self.scenario.contains(s)).collect()
    }

    /// The servers asked for, in their own order.
    pub(crate) fn names(&self) -> Vec<Name> {
        Name::ALL.into_iter().filter(|name| self.only.is_empty() || self.only.contains(name)).collect()
    }
}

impl PluginsArgs {
    /// The subjects asked for, in their own order.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        Subject::ALL.into_iter().filter(|s| self.subject.is_empty() || self.subject.contains(s)).collect()
    }
}
