//! The commands, as they are typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::project::Project;

/// What a plugin's author does, below `teahouse plugin`.
#[derive(Debug, Subcommand)]
pub enum AuthorCommand {
    /// Make a new plugin's folder, ready to build
    New(New),
    /// Build the component plugin.wasm
    Build(At),
    /// Look for what a server would refuse, and for what is probably not meant
    Check(Component),
    /// Run the cases of cases.jsonl in the sandbox that the server uses
    Test(Test),
    /// Ask the plugin about one text, or give it one command
    Try(Try),
    /// Build at each change, and load the result into a running development server
    Dev(Dev),
    /// Measure what a call takes
    Bench(Bench),
    /// Make the one file that is installed
    Pack(Pack),
    /// Sign a package
    Sign(Sign),
    /// Show what a package holds, and who signed it
    Verify(Verify),
    /// Make a key to sign with
    Key(Key),
}

impl AuthorCommand {
    /// Does it. What it has to say goes to standard output, what the tools that it calls say wherever they send it.
    ///
    /// # Errors
    /// [`crate::Misused`] when nothing was tried; others when it was, and failed. They say what to do next.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New(new) => crate::scaffold::run(&new),
            Self::Build(at) => crate::build::run(&at.project()?),
            Self::Check(component) => crate::check::run(&component),
            Self::Test(test) => crate::cases::run(&test),
            Self::Try(attempt) => crate::attempt::run(&attempt),
            Self::Dev(dev) => crate::dev::run(dev),
            Self::Bench(bench) => crate::bench::run(&bench),
            Self::Pack(pack) => crate::ship::pack(&pack),
            Self::Sign(sign) => crate::ship::sign(&sign),
            Self::Verify(verify) => crate::ship::verify(&verify),
            Self::Key(key) => crate::ship::key(&key),
        }
    }
}

/// The languages with a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// The fastest and smallest
    Rust,
    /// JavaScript on QuickJS
    Js,
    /// Python
    Python,
}

/// `new`
#[derive(Debug, Args)]
pub struct New {
    /// Its name, such as word-guard: the folder is called so
    pub(crate) name: String,
    /// The language
    #[arg(long, value_enum, default_value = "rust")]
    pub(crate) lang: Language,
    /// A bot, which answers, in place of a filter, which judges
    #[arg(long)]
    pub(crate) bot: bool,
    /// Its id, which never changes: reverse DNS [default: org.example.NAME]
    #[arg(long)]
    pub(crate) id: Option<String>,
}

/// Which plugin.
#[derive(Debug, Args)]
pub struct At {
    /// The plugin's folder
    #[arg(long, short = 'C', default_value = ".", value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

impl At {
    pub(crate) fn project(&self) -> anyhow::Result<Project> {
        Project::open(&self.folder)
    }
}

/// Which component of which plugin.
#[derive(Debug, Args)]
pub struct Component {
    #[command(flatten)]
    pub(crate) at: At,
    /// Another component than the folder's plugin.wasm
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
}

/// `test`
#[derive(Debug, Args)]
pub struct Test {
    #[command(flatten)]
    pub(crate) component: Component,
    /// Only cases whose name contains this
    pub(crate) filter: Option<String>,
    /// Another file than the folder's cases.jsonl
    #[arg(long, value_name = "FILE")]
    pub(crate) cases: Option<PathBuf>,
    /// A fresh instance for each call: shows that what is kept in memory is a cache
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Fail a call that takes longer than a server would let it. Without this it may take ten times as long, and is
    /// only pointed out: a busy machine is no fault of the plugin
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print what each call costs in fuel: the instructions that the plugin runs, the same on each machine
    #[arg(long)]
    pub(crate) fuel: bool,
    /// Fail a call that costs more fuel than this
    #[arg(long, value_name = "FUEL", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_fuel: Option<u64>,
}

/// `try`
#[derive(Debug, Args)]
pub struct Try {
    #[command(flatten)]
    pub(crate) component: Component,
    /// What is said; `/name …` is a command for a bot that has it
    pub(crate) text: String,
    /// Who says it
    #[arg(long, default_value = "Ann")]
    pub(crate) sender: String,
    /// In which role: owner, admin, member, guest
    #[arg(long, default_value = "member")]
    pub(crate) role: String,
    /// Settings in place of the defaults, as JSON: a file
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}

/// `bench`
#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    pub(crate) component: Component,
    /// What is said
    #[arg(
        long,
        default_value = "两杯茶，谢谢。Two cups of tea, please; and how was your day at the market?"
    )]
    pub(crate) text: String,
    /// How many calls
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) calls: u32,
    /// Settings in place of the defaults, as JSON: a file
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}

/// `dev`
#[derive(Debug, Args)]
pub struct Dev {
    #[command(flatten)]
    pub(crate) at: At,
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) server: String,
    /// An API key of the server with the admin scope
    #[arg(long, env = "TEAHOUSE_ADMIN_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// Rooms to work in, by id, where the plugin does not ask for all of them
    #[arg(long = "room", value_name = "ROOM")]
    pub(crate) rooms: Vec<String>,
}

/// `pack`
#[derive(Debug, Args)]
pub struct Pack {
    #[command(flatten)]
    pub(crate) component: Component,
    /// Where the package goes [default: the plugin's folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Sign it with this key file
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

/// `sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// The package; it is signed in place
    pub(crate) package: PathBuf,
    /// The key file, made by `teahouse plugin key`
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The package
    pub(crate) package: PathBuf,
    /// A public key to trust, as in plugins.trusted_keys; with one, other signers and none are an error
    #[arg(long = "trusted", value_name = "KEY")]
    pub(crate) trusted: Vec<String>,
}

/// `key`
#[derive(Debug, Args)]
pub struct Key {
    /// The new key's file; an existing one is never written over
    pub(crate) file: PathBuf,
}
