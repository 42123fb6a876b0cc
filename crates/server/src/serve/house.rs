//! The domain: who someone is, what is said, and what follows from it; each made with its section of the
//! configuration, and stopped in order.

use std::sync::Arc;

use anyhow::Context as _;
use teahouse_accounts::{AccountEvent, Accounts, AccountsParts, BanWatch};
use teahouse_bus::Bus;
use teahouse_chat::{Chat, ChatParts, ChatTasks, Encode};
use teahouse_jobs::{Company, Node, Outbox, Runner, RunnerSettings};
use teahouse_plugins::{Plugins, PluginsTasks};
use teahouse_protocol::SystemClock;
use teahouse_store::Db;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{database, plugins};
use crate::config::Config;
use crate::secret_key;

/// The domain at work.
pub(super) struct House {
    pub(super) accounts: Accounts,
    pub(super) chat: Chat,
    pub(super) plugins: Plugins,
    plugin_tasks: PluginsTasks,
    tasks: ChatTasks,
    jobs: JoinHandle<()>,
    stop_jobs: CancellationToken,
    presence: JoinHandle<()>,
    stop_presence: CancellationToken,
}

impl House {
    /// Opens the house: the lobby is there from here on.
    pub(super) async fn open(config: &Config, db: &Db, encoder: Arc<dyn Encode>) -> anyhow::Result<Self> {
        let (accounts, account_events) = accounts(config, db)?;
        let outbox = Outbox::new(Arc::new(SystemClock));
        let parts = ChatParts {
            db: db.clone(),
            clock: Arc::new(SystemClock),
            accounts: accounts.clone(),
            account_events,
            outbox: outbox.clone(),
            encoder,
            config: config.chat.clone(),
            limits: config.conversation(),
        };
        // `database::claim` made sure that a SQLite file has no other server.
        let company = if db.is_sqlite() { Company::Alone } else { Company::Others };
        let node = Node::enter(db, outbox.clone(), company).await;
        let node = node.context("could not take a place among the nodes of this database")?;
        let node_id = node.id();
        let stop_presence = CancellationToken::new();
        let presence = tokio::spawn(node.watch(stop_presence.clone()));
        let bans = BanWatch::begin(&accounts).await.context("could not read the bans")?;
        tokio::spawn(bans.run(stop_presence.clone()));
        let (chat, tasks) = Chat::start(parts).await.context("could not start the conversation")?;
        let (plugins, plugin_tasks) =
            plugins::start(config, db, node_id, chat.clone(), accounts.clone(), outbox.clone()).await?;
        let stop_jobs = CancellationToken::new();
        let runner = Runner::new(db.clone(), outbox, RunnerSettings::default()).on(node_id);
        let runner = chat.register_jobs(runner);
        let runner = plugins.register_jobs(runner);
        let jobs = tokio::spawn(runner.run(stop_jobs.clone()));
        Ok(Self { accounts, chat, plugins, plugin_tasks, tasks, jobs, stop_jobs, presence, stop_presence })
    }

    /// Closes it: what was taken is written and answered, jobs under way are done.
    pub(super) async fn close(self) {
        self.plugin_tasks.stop().await;
        self.chat.close();
        self.tasks.stop().await;
        self.stop_jobs.cancel();
        if let Err(error) = self.jobs.await {
            tracing::error!(%error, "the runner of jobs ended badly");
        }
        self.stop_presence.cancel();
        if let Err(error) = self.presence.await {
            tracing::error!(%error, "this node's place was not given up");
        }
    }
}

/// Who someone is, and where it is told what happens to them.
fn accounts(config: &Config, db: &Db) -> anyhow::Result<(Accounts, Bus<AccountEvent>)> {
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
