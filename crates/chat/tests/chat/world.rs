//! What a test plays in: a conversation on a database of its own, its people, and a clock.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::json;
use teahouse_accounts::{
    Accounts, AccountsParts, Device, ExternalId, ExternalUser, GuestsConfig, MasterKey, Session,
    SessionsConfig,
};
use teahouse_bus::Bus;
use teahouse_chat::{
    Chat, ChatConfig, ChatLimits, ChatParts, ChatTasks, CreateRoom, Dialect, Encode, Error, Mailbox,
    MailboxLimits, PageRequest, PutMember,
};
use teahouse_jobs::{Outbox, Runner, RunnerSettings};
use teahouse_protocol::{
    ClientId, Clock, Content, DisplayName, Draft, Emoji, ManualClock, Role, RoomId, RoomKind, RoomName, Seq,
    ServerEvent, UserId, Visibility,
};
use teahouse_store::Db;
pub(crate) use teahouse_testkit::on_both;
use teahouse_testkit::{Fixture, TestDatabase};
use tokio_util::sync::CancellationToken;

use crate::socket::Socket;

/// How the conversation is set up where it matters.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) sessions: SessionsConfig,
    pub(crate) chat: ChatConfig,
    pub(crate) limits: ChatLimits,
}

pub(crate) struct World {
    pub(crate) chat: Chat,
    pub(crate) accounts: Accounts,
    pub(crate) db: Db,
    pub(crate) clock: Arc<ManualClock>,
    tasks: ChatTasks,
    stop_jobs: CancellationToken,
    settings: Settings,
}

/// An event is its JSON, without a frame around it.
struct PlainJson;

impl Encode for PlainJson {
    fn encode(&self, _: Dialect, event: &ServerEvent) -> Option<Bytes> {
        Some(event.to_json().into())
    }
}

impl Fixture for World {
    async fn new(database: &TestDatabase) -> Self {
        let settings = Settings {
            sessions: SessionsConfig::default(),
            chat: ChatConfig { offline_after_ms: 50, gather_ms: 20, ..ChatConfig::default() },
            limits: ChatLimits::NONE,
        };
        Self::start(database.migrated().await, teahouse_testkit::clock(), settings).await
    }
}

impl World {
    async fn start(db: Db, clock: Arc<ManualClock>, settings: Settings) -> Self {
        let account_events = Bus::in_process();
        let wechat = json!({ "api_base": "http://127.0.0.1:9", "apps": [] });
        let accounts = Accounts::new(AccountsParts {
            db: db.clone(),
            clock: clock.clone(),
            wechat: teahouse_wechat::Client::new(&serde_json::from_value(wechat).unwrap()).unwrap(),
            watermark_max_age: Duration::from_secs(600),
            events: account_events.clone(),
            sessions: settings.sessions.clone(),
            guests: GuestsConfig { allowed: true },
            sign_ins_per_minute: 0,
            master_key: MasterKey::generate(),
        });
        let outbox = Outbox::new(clock.clone());
        let parts = ChatParts {
            db: db.clone(),
            clock: clock.clone(),
            accounts: accounts.clone(),
            account_events,
            outbox: outbox.clone(),
            encoder: Arc::new(PlainJson),
            config: settings.chat.clone(),
            limits: settings.limits,
        };
        let (chat, tasks) = Chat::start(parts).await.unwrap();
        let stop_jobs = CancellationToken::new();
        let runner = chat.register_jobs(Runner::new(db.clone(), outbox, RunnerSettings::default()));
        tokio::spawn(runner.run(stop_jobs.clone()));
        Self { chat, accounts, db, clock, tasks, stop_jobs, settings }
    }

    /// The same database after a stop and a start with other settings.
    pub(crate) async fn restarted(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings;
        change(&mut settings);
        self.chat.close();
        self.tasks.stop().await;
        self.stop_jobs.cancel();
        Self::start(self.db, self.clock, settings).await
    }

    /// Stops as a server does, and leaves the database open.
    pub(crate) async fn stop(self) {
        self.tasks.stop().await;
        self.stop_jobs.cancel();
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

    /// Somebody whom nobody vouches for: to everybody a stranger.
    pub(crate) async fn guest(&self, name: &str) -> Session {
        let name = DisplayName::new(name).unwrap();
        self.accounts.sign_in_guest(Some(name), &Device::default()).await.unwrap().session
    }

    pub(crate) async fn people<const N: usize>(&self, names: [&str; N]) -> [Session; N] {
        let mut people = Vec::with_capacity(N);
        for name in names {
            people.push(self.person(name).await);
        }
        people.try_into().expect("as many people as names")
    }

    pub(crate) fn socket(&self, session: &Session) -> Socket {
        self.socket_within(session, self.roomy())
    }

    fn roomy(&self) -> MailboxLimits {
        let chat = &self.settings.chat;
        MailboxLimits { frames: chat.outgoing_frames, bytes: chat.outgoing_bytes }
    }

    pub(crate) fn socket_within(&self, session: &Session, limits: MailboxLimits) -> Socket {
        self.try_socket_within(session, limits).unwrap()
    }

    pub(crate) fn try_socket(&self, session: &Session) -> Result<Socket, Error> {
        self.try_socket_within(session, self.roomy())
    }

    fn try_socket_within(&self, session: &Session, limits: MailboxLimits) -> Result<Socket, Error> {
        let mailbox = Mailbox::new(Dialect::Native, Arc::new(PlainJson), limits);
        let connection = self.chat.connect(session.clone(), Arc::clone(&mailbox))?;
        Ok(Socket::new(connection, mailbox))
    }

    /// A socket that has joined `room` from its head on.
    pub(crate) async fn joined(&self, session: &Session, room: RoomId) -> Socket {
        let mut socket = self.socket(session);
        socket.join(room).await;
        socket
    }

    /// A private group of `owner` and `members`.
    pub(crate) async fn group(&self, owner: &Session, members: &[&Session]) -> RoomId {
        self.room(owner, RoomKind::Group, Visibility::Private, members).await
    }

    pub(crate) async fn public_group(&self, owner: &Session, members: &[&Session]) -> RoomId {
        self.room(owner, RoomKind::Group, Visibility::Public, members).await
    }

    pub(crate) async fn room(
        &self,
        owner: &Session,
        kind: RoomKind,
        visibility: Visibility,
        members: &[&Session],
    ) -> RoomId {
        let new = CreateRoom {
            name: RoomName::new("a room").unwrap(),
            kind,
            visibility,
            members: members.iter().map(|member| member.user_id()).collect(),
        };
        self.chat.create_room(owner, new).await.unwrap().id
    }

    /// Says something by REST, and returns its number.
    pub(crate) async fn say(&self, who: &Session, room: RoomId, text: &str) -> Seq {
        self.chat.send(who, room, draft(None, text)).await.unwrap().message.seq
    }

    /// Keeps the writer from committing to `room` until the transaction ends, so that entries gather.
    pub(crate) async fn hold_writes(&self, room: RoomId) -> DatabaseTransaction {
        let transaction = self.db.begin().await.unwrap();
        let lock = format!("UPDATE rooms SET last_seq = last_seq WHERE id = {}", self.literal(room));
        transaction.execute_unprepared(&lock).await.unwrap();
        transaction
    }

    fn literal(&self, room: RoomId) -> String {
        if self.db.is_sqlite() { format!("x'{}'", room.uuid().simple()) } else { format!("'{room}'") }
    }

    pub(crate) async fn make_admin(&self, owner: &Session, room: RoomId, user: UserId) {
        let put = PutMember { role: Some(Role::Admin), muted_until: None };
        self.chat.put_member(owner, room, user, put).await.unwrap();
    }

    pub(crate) async fn mute(&self, moderator: &Session, room: RoomId, user: UserId, span: Duration) {
        let put = PutMember { role: None, muted_until: Some(Some(self.clock.now() + span)) };
        self.chat.put_member(moderator, room, user, put).await.unwrap();
    }
}

/// A text message.
pub(crate) fn draft(client_id: Option<&str>, text: &str) -> Draft {
    Draft {
        client_id: client_id.map(|id| ClientId::new(id).unwrap()),
        room: None,
        content: Content::Text(text.to_owned()),
        reply_to: None,
        mentions: Vec::new(),
    }
}

pub(crate) fn thumb() -> Emoji {
    Emoji::new("👍").unwrap()
}

pub(crate) fn first_page() -> PageRequest {
    PageRequest { after: None, limit: 200 }
}

pub(crate) fn seq(number: i64) -> Seq {
    Seq::new(number).unwrap()
}
