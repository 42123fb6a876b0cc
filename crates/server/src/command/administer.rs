//! `teahouse admin` and `teahouse token`: what only someone with the server's configuration may do.

use anyhow::Context as _;
use clap::Subcommand;
use teahouse_accounts::{Accounts, AvatarUrl, By, Device, ExternalId, ExternalUser, KeyScope, SetupLink};
use teahouse_protocol::{ApiKeyId, DisplayName};

use super::user::printable;
use crate::config::{Config, Loaded};
use crate::serve;

/// What the session list shows as the device of a session made here.
const DEVICE: &str = "teahouse token mint";

/// Keys read at once, for a list that has all of them.
const LISTED_AT_ONCE: u16 = 200;

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Make an administrator, and print the one-time link with which they set their password
    Create {
        /// The name to log in with
        login: String,
    },
    /// Print a new one-time link for an administrator; links not yet used end
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
        /// The https address of their picture
        #[arg(long)]
        avatar: Option<String>,
    },
    /// Make an API key with which a business server signs in its users; it is printed once and never again
    Key {
        /// What the key is for, to tell it from others
        name: String,
        /// Make one that administers the server instead, such as through /v1/admin/plugins
        #[arg(long)]
        admin: bool,
    },
    /// List the API keys by their ids, newest first; the keys themselves are not kept
    List,
    /// Revoke an API key: it opens nothing from its next use on; sessions made with it stay
    Revoke {
        /// The key's id, as `teahouse token list` prints it
        key: ApiKeyId,
    },
}

impl AdminCommand {
    pub(super) fn run(self, loaded: &Loaded) -> anyhow::Result<()> {
        let config = &loaded.config;
        serve::block_on_one_thread(serve::with_accounts(config, async |accounts| {
            let link = match self {
                Self::Create { login } => accounts.create_admin(&name(&login)?).await?,
                Self::Link { login } => accounts.admin_link(&login).await?,
            };
            println!("{}", invitation(config, &link));
            Ok(())
        }))
    }
}

impl TokenCommand {
    pub(super) fn run(self, loaded: &Loaded) -> anyhow::Result<()> {
        let config = &loaded.config;
        serve::block_on_one_thread(serve::with_accounts(config, async |accounts| match self {
            Self::Mint { external_id, name, avatar } => {
                let user = external_user(&external_id, name.as_deref(), avatar.as_deref())?;
                mint(accounts, user).await
            }
            Self::Key { name: purpose, admin } => {
                let scope = if admin { KeyScope::Admin } else { KeyScope::Users };
                let key = accounts.create_api_key(&By::operator(), &name(&purpose)?, scope).await?;
                println!("{}", key.secret());
                Ok(())
            }
            Self::List => list(accounts).await,
            Self::Revoke { key } => {
                let revoked = accounts.revoke_api_key(&By::operator(), key).await?;
                println!("{}", if revoked { "revoked" } else { "it was revoked before" });
                Ok(())
            }
        }))
    }
}

async fn list(accounts: &Accounts) -> anyhow::Result<()> {
    let mut before = None;
    loop {
        let page = accounts.page_api_keys(before, LISTED_AT_ONCE).await?;
        for key in &page.items {
            let scope = match key.scope {
                KeyScope::Users => "users",
                KeyScope::Admin => "admin",
            };
            let state = key.revoked_at.map_or_else(|| "good".to_owned(), |at| format!("revoked {at}"));
            println!("{}  {scope}  {}  {state:32}  {}", key.id, key.created_at, printable(&key.name));
        }
        match page.next {
            Some(last) => before = Some(last),
            None => return Ok(()),
        }
    }
}

async fn mint(accounts: &Accounts, user: ExternalUser) -> anyhow::Result<()> {
    let session = accounts.mint_as_operator(user, &Device::new(Some(DEVICE), None)).await?;
    // The token alone, so that a script can take it.
    println!("{}", session.token.as_str());
    eprintln!("signs in user {} until {}", session.user.id, session.expires_at);
    Ok(())
}

fn external_user(id: &str, name: Option<&str>, avatar: Option<&str>) -> anyhow::Result<ExternalUser> {
    Ok(ExternalUser {
        external_id: ExternalId::parse(id)?,
        name: name.map(self::name).transpose()?,
        avatar: avatar.map(AvatarUrl::parse).transpose()?,
    })
}

fn name(text: &str) -> anyhow::Result<DisplayName> {
    DisplayName::new(text).with_context(|| format!("{text:?} can't be a name"))
}

fn invitation(config: &Config, link: &SetupLink) -> String {
    let base = serve::base_url(config, &config.server.listen);
    let (login, token, until) = (&link.login, link.token.as_str(), link.expires_at);
    format!("{login} sets their password once, until {until}:\n{base}/admin/setup?token={token}")
}
