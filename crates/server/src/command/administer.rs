//! `teahouse admin` and `teahouse token`: what only someone with the server's configuration may do.

use clap::Subcommand;

use crate::config::Loaded;

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Make an administrator, and print the one-time link with which they set their password
    Create {
        /// The name to log in with
        login: String,
    },
    /// Print a new one-time link for an administrator who lost theirs
    Link {
        /// The name to log in with
        login: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Sign in a user of a business server, and print the session's token
    Mint {
        /// The business's own id of the user, who is made on first sight
        external_id: String,
        /// The name that others see
        #[arg(long)]
        name: Option<String>,
    },
    /// Make an API key with which a business server signs in its users, and print it once
    Key {
        /// What the key is for, to tell it from others
        name: String,
    },
}

impl AdminCommand {
    pub(super) fn run(self, _loaded: Loaded) -> anyhow::Result<()> {
        Ok(())
    }
}

impl TokenCommand {
    pub(super) fn run(self, _loaded: Loaded) -> anyhow::Result<()> {
        Ok(())
    }
}
