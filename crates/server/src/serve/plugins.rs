//! Plugins: the sandbox, and what is decided about what runs in it.

use std::sync::Arc;

use anyhow::Context as _;
use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use teahouse_jobs::Outbox;
use teahouse_outbound::{Allow, Outbound, SystemNames};
use teahouse_plugin_host::{Compile, Host, HostConfig};
use teahouse_plugin_package::TrustedKey;
use teahouse_plugins::lifecycle::{HostTrials, Lifecycle, LifecycleParts, SecretsKey, bundled_plugins};
use teahouse_plugins::{Plugins, PluginsParts, PluginsTasks, Replay};
use teahouse_protocol::{NodeId, SystemClock};
use teahouse_store::Db;

use super::database;
use crate::config::Config;
use crate::secret_key;

/// Where compiled components are kept unless written, in the data folder.
const CACHE: &str = "plugins";

/// Plugins at work: what is enabled runs from here on. Those that come with the server are installed meanwhile, since
/// that takes a while on the first start.
///
/// # Errors
/// When the sandbox can't be made, or what is installed can't be read.
pub(super) async fn start(
    config: &Config,
    db: &Db,
    node: NodeId,
    chat: Chat,
    accounts: Accounts,
    outbox: Outbox,
) -> anyhow::Result<(Plugins, PluginsTasks)> {
    let (host, compile) = (host(config)?, compiler()?);
    let lifecycle = lifecycle(config, db, HostTrials::new(host.clone(), compile.clone()))?;
    let allow = if config.plugins.allow_private_hosts { Allow::loopback() } else { Allow::default() };
    let parts = PluginsParts {
        db: db.clone(),
        node,
        clock: Arc::new(SystemClock),
        chat,
        accounts,
        outbox,
        outbound: Outbound::new(allow, Arc::new(SystemNames))
            .context("could not prepare requests of plugins")?,
        host,
        compile,
        secrets: secrets_key(config)?,
        lifecycle: lifecycle.clone(),
        config: config.plugins.clone(),
    };
    let started = Plugins::start(parts).await.context("could not start the plugins")?;
    if config.plugins.enabled && config.plugins.bundled {
        tokio::spawn(install_bundled(lifecycle));
    }
    Ok(started)
}

async fn install_bundled(lifecycle: Lifecycle) {
    // Packing keeps a core busy for a while.
    match tokio::task::spawn_blocking(bundled_plugins).await {
        Ok(bundled) => lifecycle.install_bundled(&bundled).await,
        Err(error) => tracing::error!(%error, "the plugins that come with the server could not be packed"),
    }
}

fn secrets_key(config: &Config) -> anyhow::Result<SecretsKey> {
    Ok(SecretsKey::new(secret_key::of(config)?.derive(SecretsKey::PURPOSE)))
}

/// The sandbox. Once a process: it reserves the addresses that plugins will live at.
///
/// # Errors
/// When the machine can't give them, or the cache's folder can't be made.
fn host(config: &Config) -> anyhow::Result<Host> {
    Host::new(&host_config(config)).context("could not start the sandbox for plugins")
}

fn host_config(config: &Config) -> HostConfig {
    let cache = config.plugins.cache.clone().unwrap_or_else(|| config.data_dir.file(CACHE));
    HostConfig { cache: Some(cache), ..HostConfig::default() }
}

/// How components are compiled: in a child, so that one made to harm the compiler harms nobody else.
///
/// # Errors
/// When this program's file can't be found.
fn compiler() -> anyhow::Result<Compile> {
    Ok(Compile::Child(std::env::current_exe().context("could not find this program's own file")?))
}

/// What is installed, and every change to it.
///
/// # Errors
/// When a trusted key is none, or the server's own key can't be read.
fn lifecycle(config: &Config, db: &Db, trials: HostTrials) -> anyhow::Result<Lifecycle> {
    // Not what it says: it may be the secret half, put there by mistake.
    let keys = config.plugins.trusted_keys.iter().enumerate().map(|(index, text)| {
        text.parse::<TrustedKey>().with_context(|| format!("plugins.trusted_keys[{index}]"))
    });
    Ok(Lifecycle::new(LifecycleParts {
        db: db.clone(),
        clock: Arc::new(SystemClock),
        trials: Arc::new(trials),
        secrets: secrets_key(config)?,
        require_signature: config.plugins.require_signature,
        trusted_keys: keys.collect::<anyhow::Result<_>>()?,
    }))
}

/// For a command: opens the database, does `act`, and closes it.
///
/// # Errors
/// When the database is not ready to serve, and what `act` fails with.
pub(crate) async fn with_lifecycle(
    config: &Config,
    act: impl AsyncFnOnce(&Lifecycle) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let db = database::open(config).await?;
    let outcome = async {
        let trials = HostTrials::alone(host_config(config), compiler()?);
        let trials = trials.context("could not start the sandbox for plugins")?;
        act(&lifecycle(config, &db, trials)?).await
    };
    let outcome = outcome.await;
    db.close().await;
    outcome
}

/// For a command: as [`with_lifecycle`], with what runs versions over what was said.
///
/// # Errors
/// When the database is not ready to serve, and what `act` fails with.
pub(crate) async fn with_replay(
    config: &Config,
    act: impl AsyncFnOnce(&Lifecycle, &Replay) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let db = database::open(config).await?;
    let outcome = async {
        let (host, compile) = (host(config)?, compiler()?);
        let lifecycle = lifecycle(config, &db, HostTrials::new(host.clone(), compile.clone()))?;
        let replay = Replay { db: db.clone(), host, compile, config: config.plugins.clone() };
        act(&lifecycle, &replay).await
    };
    let outcome = outcome.await;
    db.close().await;
    outcome
}
