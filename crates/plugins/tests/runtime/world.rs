//! What a test plays in: a conversation with plugins, on a database of its own, its people, and a clock.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use teahouse_accounts::{
    Accounts, AccountsParts, Device, ExternalId, ExternalUser, GuestsConfig, MasterKey, Session,
    SessionsConfig,
};
use teahouse_bus::Bus;
use teahouse_chat::{
    Chat, ChatConfig, ChatLimits, ChatParts, ChatTasks, CreateRoom, Dialect, Encode, Error, Mailbox,
    MailboxLimits, SendOutcome, Taken,
};
use teahouse_jobs::{Company, Node, Outbox, Runner, RunnerSettings};
use teahouse_outbound::{Allow, Outbound, SystemNames};
use teahouse_plugin_host::{Compile, Host, HostConfig};
use teahouse_plugin_package::{Digest, Package, PluginId};
use teahouse_plugins::lifecycle::{
    By, Choices, Lifecycle, LifecycleParts, SecretsKey, Trial, TrialError, Trials,
};
use teahouse_plugins::{PluginStats, Plugins, PluginsConfig, PluginsParts, PluginsTasks, Policy};
use teahouse_protocol::{
    ClientFrame, Clock, Content, DisplayName, Draft, ManualClock, NodeId, RoomId, RoomKind, RoomName,
    ServerEvent, Timestamp, Visibility,
};
use teahouse_store::{DatabaseConfig, Db};
pub(crate) use teahouse_testkit::on_both;
use teahouse_testkit::{Fixture, TestDatabase};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Past this something hangs.
const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const PROBE: &str = "house.tea.test.probe";

pub(crate) struct World {
    pub(crate) chat: Chat,
    pub(crate) accounts: Accounts,
    pub(crate) plugins: Plugins,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) db: Db,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) node: NodeId,
    config: DatabaseConfig,
    tasks: ChatTasks,
    plugins_tasks: PluginsTasks,
    /// Of its jobs, and of its place among the nodes.
    stops: [CancellationToken; 2],
    presence: JoinHandle<()>,
}

/// An event is its JSON, without a frame around it.
struct PlainJson;

impl Encode for PlainJson {
    fn encode(&self, _: Dialect, event: &ServerEvent) -> Option<Bytes> {
        Some(event.to_json().into())
    }
}

/// Versions are tried where they run: a test wants to see what happens then.
struct NoTrials;

#[async_trait]
impl Trials for NoTrials {
    async fn run(&self, _: Trial<'_>) -> Result<(), TrialError> {
        Ok(())
    }
}

impl Fixture for World {
    async fn new(database: &TestDatabase) -> Self {
        let (db, config) = (database.migrated().await, database.config().clone());
        Self::start(db, config, teahouse_testkit::clock(), Company::Others).await
    }
}

impl World {
    async fn start(db: Db, config: DatabaseConfig, clock: Arc<ManualClock>, company: Company) -> Self {
        let account_events = Bus::in_process();
        let wechat = json!({ "api_base": "http://127.0.0.1:9", "apps": [] });
        let accounts = Accounts::new(AccountsParts {
            db: db.clone(),
            clock: clock.clone(),
            wechat: teahouse_wechat::Client::new(&serde_json::from_value(wechat).unwrap()).unwrap(),
            watermark_max_age: Duration::from_secs(600),
            events: account_events.clone(),
            sessions: SessionsConfig::default(),
            guests: GuestsConfig { allowed: true },
            sign_ins_per_minute: 0,
            master_key: MasterKey::generate(),
        });
        let outbox = Outbox::new(clock.clone());
        let place = Node::enter(&db, outbox.clone(), company).await.unwrap();
        let node = place.id();
        let stops = [CancellationToken::new(), CancellationToken::new()];
        let presence = tokio::spawn(place.watch(stops[1].clone()));
        let parts = ChatParts {
            db: db.clone(),
            clock: clock.clone(),
            accounts: accounts.clone(),
            account_events,
            outbox: outbox.clone(),
            encoder: Arc::new(PlainJson),
            config: ChatConfig::default(),
            limits: ChatLimits::NONE,
        };
        let (chat, tasks) = Chat::start(parts).await.unwrap();
        let secrets = SecretsKey::new(Zeroizing::new([7; 32]));
        let lifecycle = Lifecycle::new(LifecycleParts {
            db: db.clone(),
            clock: clock.clone(),
            trials: Arc::new(NoTrials),
            secrets: secrets.clone(),
            require_signature: false,
            trusted_keys: Vec::new(),
        });
        let parts = PluginsParts {
            db: db.clone(),
            node,
            clock: clock.clone(),
            chat: chat.clone(),
            accounts: accounts.clone(),
            outbox: outbox.clone(),
            outbound: Outbound::new(Allow::default(), Arc::new(SystemNames)).unwrap(),
            host: host(),
            compile: Compile::InProcess,
            secrets,
            lifecycle: lifecycle.clone(),
            config: PluginsConfig::default(),
        };
        let (plugins, plugins_tasks) = Plugins::start(parts).await.unwrap();
        let runner = Runner::new(db.clone(), outbox, RunnerSettings::default()).on(node);
        let runner = plugins.register_jobs(chat.register_jobs(runner));
        tokio::spawn(runner.run(stops[0].clone()));
        Self {
            chat,
            accounts,
            plugins,
            lifecycle,
            db,
            clock,
            node,
            config,
            tasks,
            plugins_tasks,
            stops,
            presence,
        }
    }

    /// The same database after a stop in order and a start.
    pub(crate) async fn restarted(self) -> Self {
        self.restarted_in(Company::Others).await
    }

    /// As [`World::restarted`]; a start alone, as a server on SQLite knows that it is, frees what others had taken.
    pub(crate) async fn restarted_in(self, company: Company) -> Self {
        let (db, config, clock) = (self.db.clone(), self.config.clone(), Arc::clone(&self.clock));
        self.stop().await;
        Self::start(db, config, clock, company).await
    }

    /// Stops it in order.
    pub(crate) async fn stop(self) {
        self.plugins_tasks.stop().await;
        self.chat.close();
        self.tasks.stop().await;
        self.stops.iter().for_each(CancellationToken::cancel);
        self.presence.await.unwrap();
    }

    /// Another node on the same database: with connections of its own, and at the same time of day.
    pub(crate) async fn another_node(&self) -> Self {
        let db = Db::connect(&self.config).await.unwrap();
        Self::start(db, self.config.clone(), Arc::clone(&self.clock), Company::Others).await
    }

    /// From here on nobody hands bots their events: another node has them all, and does nothing.
    pub(crate) async fn hold_events(&self) {
        self.execute("UPDATE plugins SET dispatch_node = 'another', dispatch_until_ms = 9000000000000000")
            .await;
    }

    /// Changes the database by hand.
    pub(crate) async fn execute(&self, sql: &str) {
        self.db.writer().execute_unprepared(sql).await.unwrap();
    }

    /// Installs the probe with its manifest changed in these words, agrees to all it asks for, and starts it.
    pub(crate) async fn probe(&self, changes: &[(&str, &str)]) -> PluginId {
        let package = package(changes);
        let installed = self.lifecycle.install(package, &By::operator()).await.unwrap();
        let consent = self.lifecycle.consent(&installed.plugin, None).await.unwrap();
        let (id, digest) = (installed.plugin, installed.digest);
        self.lifecycle.grant(&id, &digest, &Choices::all(&consent), &By::operator()).await.unwrap();
        self.lifecycle.enable(&id, &By::operator()).await.unwrap();
        self.plugins.refresh().await.unwrap();
        id
    }

    /// Installs another version and switches to it.
    pub(crate) async fn upgrade(&self, id: &PluginId, changes: &[(&str, &str)]) -> Digest {
        let installed = self.lifecycle.install(package(changes), &By::operator()).await.unwrap();
        let consent = self.lifecycle.consent(id, Some(&installed.digest)).await.unwrap();
        let choices = Choices::all(&consent);
        self.lifecycle.upgrade(id, &installed.digest, Some(&choices), &By::operator()).await.unwrap();
        self.plugins.refresh().await.unwrap();
        installed.digest
    }

    pub(crate) async fn set_policy(&self, id: &PluginId, policy: Policy) {
        self.lifecycle.set_policy(id, &policy, &By::operator()).await.unwrap();
        self.plugins.refresh().await.unwrap();
    }

    pub(crate) async fn configure(&self, id: &PluginId, values: Value) {
        let none = std::collections::BTreeMap::new();
        self.lifecycle.configure(id, &values, &none, &By::operator()).await.unwrap();
        self.plugins.refresh().await.unwrap();
    }

    pub(crate) async fn stats(&self, id: &str) -> PluginStats {
        self.plugins.stats(&PluginId::parse(id).unwrap()).await.unwrap().unwrap()
    }

    /// Signs `name` in; the same name again is the same person on another device.
    pub(crate) async fn person(&self, name: &str) -> Session {
        let user = ExternalUser {
            external_id: ExternalId::parse(name).unwrap(),
            name: Some(DisplayName::new(name).unwrap()),
            avatar: None,
        };
        self.accounts.mint_as_operator(user, &Device::default()).await.unwrap().session
    }

    pub(crate) async fn room(&self, owner: &Session, members: &[&Session]) -> RoomId {
        let new = CreateRoom {
            name: RoomName::new("a room").unwrap(),
            kind: RoomKind::Group,
            visibility: Visibility::Public,
            members: members.iter().map(|member| member.user_id()).collect(),
        };
        self.chat.create_room(owner, new).await.unwrap().id
    }

    pub(crate) async fn say(&self, who: &Session, room: RoomId, text: &str) -> Result<SendOutcome, Error> {
        self.chat.send(who, room, draft(text)).await
    }

    /// Somebody who listens to `room`.
    pub(crate) async fn listener(&self, session: &Session, room: RoomId) -> Listener {
        let limits = MailboxLimits { frames: 4_096, bytes: 8 * 1024 * 1024 };
        let mailbox = Mailbox::new(Dialect::Native, Arc::new(PlainJson), limits);
        let mut connection = self.chat.connect(session.clone(), Arc::clone(&mailbox)).unwrap();
        let frame = json!({ "type": "join", "room": room }).to_string();
        if let teahouse_chat::Handled::Later(answer) = connection.handle(ClientFrame::parse(&frame).unwrap())
        {
            answer.await.unwrap();
        }
        let mut listener = Listener { connection, mailbox, waiting: VecDeque::new() };
        listener.until("joined").await;
        listener
    }

    /// Waits for `found`, which looks again and again: for what no event tells of.
    pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
        &self,
        mut found: impl FnMut() -> F,
    ) -> T {
        let look = async {
            loop {
                if let Some(found) = found().await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("it to happen in time")
    }

    /// The first column of the first row.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        teahouse_testkit::count(&self.db, sql).await
    }

    /// Moves the clock, and has whoever waits for it look.
    pub(crate) fn advance(&self, span: Duration) -> Timestamp {
        self.clock.advance(span);
        self.clock.now()
    }
}

/// A connection that listens.
pub(crate) struct Listener {
    #[expect(dead_code, reason = "the mailbox closes with it")]
    connection: teahouse_chat::Connection,
    mailbox: Arc<Mailbox>,
    waiting: VecDeque<Value>,
}

impl Listener {
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return event;
            }
            let mut frames: Vec<Bytes> = Vec::new();
            let taken = poll_fn(|cx| self.mailbox.poll_take(cx, &mut frames));
            let taken = tokio::time::timeout(PATIENCE, taken).await.expect("an event in time");
            assert!(matches!(taken, Taken::Frames), "closed where an event was expected");
            self.waiting.extend(frames.iter().map(|frame| serde_json::from_slice::<Value>(frame).unwrap()));
        }
    }

    /// The next event of this type; others are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The next message of a bot; all else is passed over.
    pub(crate) async fn bot_says(&mut self) -> Value {
        loop {
            let event = self.until("msg").await;
            if event["sender"]["is_bot"] == true {
                return event;
            }
        }
    }

    /// The text of the next message of a bot.
    pub(crate) async fn hears(&mut self, text: &str) {
        let event = self.bot_says().await;
        assert_eq!(event["content"], text, "{event}");
    }
}

pub(crate) fn draft(text: &str) -> Draft {
    Draft {
        client_id: None,
        room: None,
        content: Content::Text(text.to_owned()),
        reply_to: None,
        mentions: Vec::new(),
    }
}

/// The probe as a package, its manifest changed in these words.
pub(crate) fn package(changes: &[(&str, &str)]) -> Vec<u8> {
    const SCHEMA: &str = r#"{"type":"object","properties":{
        "word":{"type":"string","default":""},"broken":{"type":"boolean","default":false}}}"#;
    let manifest = include_str!("../../../../tests/components/probe/plugin.toml");
    let mut manifest = format!("{manifest}\n[config]\nschema = \"config.schema.json\"\n");
    for (from, to) in changes {
        assert!(manifest.contains(from), "the manifest has no {from:?}");
        manifest = manifest.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("config.schema.json"), SCHEMA).unwrap();
    let component =
        std::fs::read(components().join("probe.wasm")).expect("the probe, built by `cargo xtask env`");
    Package::pack(folder.path(), component).unwrap()
}

fn components() -> PathBuf {
    std::env::var_os("TEAHOUSE_TEST_COMPONENTS").expect("run this under `cargo xtask env`").into()
}

/// One a process: it reserves addresses.
pub(crate) fn host() -> Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| Host::new(&HostConfig::default()).unwrap()).clone()
}
