//! The domain: who someone is and what is said, each made with its section of the configuration.

use std::sync::Arc;

use anyhow::Context as _;
use teahouse_accounts::{AccountEvent, Accounts, AccountsParts};
use teahouse_bus::Bus;
use teahouse_protocol::SystemClock;
use teahouse_store::Db;

use super::database;
use crate::config::Config;
use crate::secret_key;

/// Who someone is, and what is told about it.
pub(super) fn accounts(config: &Config, db: &Db) -> anyhow::Result<(Accounts, Bus<AccountEvent>)> {
    let events = Bus::in_process();
    let accounts = Accounts::new(AccountsParts {
        db: db.clone(),
        clock: Arc::new(SystemClock),
        wechat: teahouse_wechat::Client::new(&config.wechat).context("WeChat's client")?,
        watermark_max_age: config.wechat.watermark_max_age(),
        events: events.clone(),
        sessions: config.sessions.clone(),
        guests: config.guests.clone(),
        sign_ins_per_minute: config.limits.sign_ins_per_minute,
        master_key: secret_key::of(config)?,
    });
    Ok((accounts, events))
}

/// For a command: opens the database, does `act`, and closes it.
///
/// # Errors
/// When the database is not ready to serve, and what `act` fails with.
pub(crate) async fn with_accounts(
    config: &Config,
    act: impl AsyncFnOnce(&Accounts) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let db = database::open(config).await?;
    let outcome = async { act(&accounts(config, &db)?.0).await }.await;
    db.close().await;
    outcome
}
