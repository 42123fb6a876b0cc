//! Plugins: the sandbox, and what is decided about what runs in it.

use std::sync::Arc;

use anyhow::Context as _;
use teahouse_plugin_host::{Compile, Host, HostConfig};
use teahouse_plugin_package::TrustedKey;
use teahouse_plugins::lifecycle::{HostTrials, Lifecycle, LifecycleParts, SecretsKey};
use teahouse_protocol::SystemClock;
use teahouse_store::Db;

use super::database;
use crate::config::Config;
use crate::secret_key;

/// Where compiled components are kept unless written, in the data folder.
const CACHE: &str = "plugins";

/// The sandbox. Once a process: it reserves the addresses that plugins will live at.
///
/// # Errors
/// When the machine can't give them, or the cache's folder can't be made.
pub(super) fn host(config: &Config) -> anyhow::Result<Host> {
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
pub(super) fn compiler() -> anyhow::Result<Compile> {
    Ok(Compile::Child(std::env::current_exe().context("could not find this program's own file")?))
}

/// What is installed, and every change to it.
///
/// # Errors
/// When a trusted key is none, or the server's own key can't be read.
pub(super) fn lifecycle(config: &Config, db: &Db, trials: HostTrials) -> anyhow::Result<Lifecycle> {
    let keys =
        config.plugins.trusted_keys.iter().map(|text| {
            text.parse::<TrustedKey>().with_context(|| format!("plugins.trusted_keys has {text:?}"))
        });
    Ok(Lifecycle::new(LifecycleParts {
        db: db.clone(),
        clock: Arc::new(SystemClock),
        trials: Arc::new(trials),
        secrets: SecretsKey::new(secret_key::of(config)?.derive(SecretsKey::PURPOSE)),
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
