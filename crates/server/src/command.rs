//! The command line.

mod administer;
mod configuration;
mod migrate;
mod moment;
mod plugin;
mod simulate;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{Loaded, Problems, Sources, load};
use crate::serve;

/// A chat server for WeChat mini-programs.
///
/// Without a command it serves. Settings come from teahouse.toml, from environment variables TEAHOUSE__SECTION__KEY,
/// and from flags; `teahouse config print` shows them all.
#[derive(Debug, Parser)]
#[command(name = "teahouse", version, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Flags,
}

/// The layer above all others.
#[derive(Debug, Default, clap::Args)]
struct Flags {
    /// The configuration file, in place of teahouse.toml in the working folder
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Sets any key, such as --set log.level=debug; may be given several times
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
    /// How much is taken for granted (key mode)
    #[arg(long, global = true, value_enum)]
    mode: Option<ModeFlag>,
    /// The folder for what the server itself keeps (key data_dir)
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Where to listen; port 0 takes a free one (key server.listen)
    #[arg(long, global = true, value_name = "HOST:PORT")]
    listen: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeFlag {
    Development,
    Production,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: chat, REST interface, chat page. What happens without a command
    Serve,
    /// Explain the configuration
    #[command(subcommand)]
    Config(configuration::ConfigCommand),
    /// Prepare the database's schema
    #[command(subcommand)]
    Migrate(migrate::MigrateCommand),
    /// Administrators of the panel
    #[command(subcommand)]
    Admin(administer::AdminCommand),
    /// Sessions and keys for programs
    #[command(subcommand)]
    Token(administer::TokenCommand),
    /// People: who somebody is, and bans from the server
    #[command(subcommand)]
    User(user::UserCommand),
    /// Filters and bots: write them, install them, decide about them
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Run WeChat's simulator alone, for development and tests
    WechatSim,
    /// Print the completions of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: CompletedShell,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CompletedShell {
    Bash,
    Zsh,
    Fish,
}

/// The hidden command by which this program compiles a component apart from the server.
const COMPILE: &str = "__compile-component";

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Nothing was tried.
    #[error(transparent)]
    Configuration(#[from] Problems),
    /// It was tried.
    #[error("{}", explained(.0))]
    Failed(#[from] anyhow::Error),
}

/// Runs the program's command, and returns its exit status: 0 done, 1 failed, 2 wrong usage or configuration.
pub fn main() -> ExitCode {
    // Before anything else: the child that compiles components has limits that the rest would not start within.
    if std::env::args_os().nth(1).is_some_and(|command| command == COMPILE) {
        return ExitCode::from(u8::try_from(teahouse_plugin_host::compile_child()).unwrap_or(1));
    }
    // Fails where one is there already, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // clap itself ends with 2 on wrong usage.
    match run(CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("teahouse: {failure}");
            ExitCode::from(failure.status())
        }
    }
}

fn run(line: CommandLine) -> Result<(), Failure> {
    let settings = line.settings;
    match line.command.unwrap_or(Command::Serve) {
        Command::Serve => Ok(serve::run(settings.load()?)?),
        Command::Config(command) => command.run(&settings.load()?),
        Command::Migrate(command) => Ok(command.run(&settings.load()?)?),
        Command::Admin(command) => Ok(command.run(&settings.load()?)?),
        Command::Token(command) => Ok(command.run(&settings.load()?)?),
        Command::User(command) => Ok(command.run(&settings.load()?)?),
        Command::Plugin(command) => command.run(|| settings.load()),
        Command::WechatSim => Ok(simulate::run(&settings.load()?)?),
        Command::Completions { shell } => {
            let mut line = CommandLine::command();
            clap_complete::generate(Shell::from(shell), &mut line, "teahouse", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// The error and its causes, but for those that the text before them tells already.
fn explained(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        before if before.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

impl Failure {
    fn status(&self) -> u8 {
        match self {
            Self::Failed(error) if error.is::<teahouse_plugin_tool::Misused>() => 2,
            Self::Failed(_) => 1,
            Self::Configuration(_) => 2,
        }
    }
}

impl Flags {
    fn load(self) -> Result<Loaded, Problems> {
        load(Sources { file: self.config.clone(), environment: environment(), flags: self.settings() })
    }

    fn settings(self) -> Vec<(String, String, String)> {
        let mode = self.mode.and_then(|mode| mode.to_possible_value());
        let named = [
            ("mode", "--mode", mode.map(|mode| mode.get_name().to_owned())),
            ("data_dir", "--data-dir", self.data_dir),
            ("server.listen", "--listen", self.listen),
        ];
        let named =
            named.into_iter().filter_map(|(key, flag, text)| Some((key.to_owned(), text?, flag.to_owned())));
        let set = self.set.into_iter().map(|(key, text)| (key.clone(), text, format!("--set {key}")));
        named.chain(set).collect()
    }
}

/// The environment. What is not UTF-8 can't be ours.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
        .collect()
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, such as log.level=debug")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl From<CompletedShell> for Shell {
    fn from(shell: CompletedShell) -> Self {
        match shell {
            CompletedShell::Bash => Self::Bash,
            CompletedShell::Zsh => Self::Zsh,
            CompletedShell::Fish => Self::Fish,
        }
    }
}

#[cfg(test)]
#[path = "command/tests.rs"]
mod tests;
