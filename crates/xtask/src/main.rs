#![doc = include_str!("../README.md")]

mod architecture;
mod bench;
mod ci;
mod node;
mod plugins;
mod postgres;
mod process;
mod python;
mod suite;
mod tally;
mod tools;
mod words;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test, on SQLite and on PostgreSQL; with FILTER, the Rust tests whose name contains it
    Test {
        /// Part of a test's name
        filter: Option<String>,
    },
    /// Check the architecture alone: floors, named paths, file lengths, READMEs
    Check,
    /// What CI runs: format, clippy, documentation, tests
    Ci,
    /// Run a command with what the tests need: PostgreSQL, the client packages, the OpenAPI tools
    Env {
        /// The command and its arguments, such as `cargo test -p teahouse-tests sign_in`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
    /// Build the Rust plugins as components, and keep those of the bundled ones in plugins/dist
    Plugins {
        /// Their names; all, if none is given
        names: Vec<String>,
        /// Keep nothing: compare with what is kept
        #[arg(long)]
        check: bool,
        /// Keep nothing: note the digests of what this toolchain makes, for machines that have no other
        #[arg(long, conflicts_with = "check")]
        record: bool,
        /// Insist on one toolchain, as the variable TEAHOUSE_WASM_TOOLCHAIN does
        #[arg(long, value_enum)]
        toolchain: Option<plugins::Kind>,
    },
    /// Count what the word filter's lists hit in ordinary texts, of which each hit was judged
    Words {
        /// Show every text that is hit, and not only those that nobody judged
        #[arg(long)]
        list: bool,
    },
    /// Build the server and the load generator in release, and run one benchmark: chat or plugins
    Bench {
        /// The benchmark's name and its arguments, passed on as they are
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let workspace = Workspace::load()?;
    match command {
        Command::Test { filter } => suite::run(&workspace, filter.as_deref()),
        Command::Check => suite::check(&workspace),
        Command::Ci => ci::run(&workspace),
        Command::Env { command } => suite::with_environment(&workspace, &command),
        Command::Plugins { names, check, record, toolchain } => {
            let then = match (check, record) {
                (true, _) => plugins::Then::Compare,
                (_, true) => plugins::Then::Record,
                _ => plugins::Then::Keep,
            };
            plugins::run(&workspace, &names, toolchain, then)
        }
        Command::Words { list } => {
            tools::install_missing()?;
            words::run(&workspace, list)
        }
        Command::Bench { arguments } => bench::run(&workspace, &arguments),
    }
}
