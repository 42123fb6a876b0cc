//! The face of the crate: what the doors hold, and how it is started and stopped.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::RwLock;
use teahouse_accounts::{AccountEvent, Accounts, Session};
use teahouse_bus::{Bus, Subscription};
use teahouse_jobs::Outbox;
use teahouse_protocol::{Clock, CloseCode, RoomId, ServerEvent, Timestamp, UserId};
use teahouse_store::Db;
use teahouse_store::writer::{WriterQueue, batch_writer};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::config::{ChatConfig, ChatLimits};
use crate::connection::{Connection, Core, Seat};
use crate::deciding::RoomsTold;
use crate::gate::SignInNames;
use crate::gathered::Gathered;
use crate::hooks::Hooks;
use crate::hub::{ConnectionId, Encode, Hub, Mailbox};
use crate::keeping::KeptSenders;
use crate::metrics::ChatMetrics;
use crate::news::News;
use crate::own_messages::{OwnTallies, TALLY_EVERY};
use crate::pace::Paces;
use crate::pipeline::Ticket;
use crate::presence::Presence;
use crate::presses::Presses;
use crate::quotas::Quotas;
use crate::turns::Turns;
use crate::underway::Underway;
use crate::whispers::Whispers;
use crate::{Error, gathered, hub, lobby, presence, publish};

/// What somebody else's queue may hold before who publishes waits.
const NEWS_QUEUED: usize = 64;

/// What the conversation is made of.
pub struct ChatParts {
    /// The database, migrated.
    pub db: Db,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who people are.
    pub accounts: Accounts,
    /// What happens to accounts.
    pub account_events: Bus<AccountEvent>,
    /// Woken after each commit: durable work may wait.
    pub outbox: Outbox,
    /// Turns events into frames.
    pub encoder: Arc<dyn Encode>,
    /// The section `chat`.
    pub config: ChatConfig,
    /// The limits it keeps.
    pub limits: ChatLimits,
}

/// The conversation: rooms, messages, connections. Clones share it.
#[derive(Clone)]
pub struct Chat(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    accounts: Accounts,
    outbox: Outbox,
    config: ChatConfig,
    limits: ChatLimits,
    lobby: RoomId,
    access: Access,
    hub: Hub,
    presence: Presence,
    paces: Paces,
    turns: Turns,
    gathered: Gathered,
    quotas: Quotas,
    metrics: ChatMetrics,
    news: Bus<News>,
    /// The plugins, once they are there.
    hooks: Arc<OnceLock<Arc<dyn Hooks>>>,
    whispers: Whispers,
    presses: Presses,
    kept_senders: KeptSenders,
    rooms_told: RoomsTold,
    underway: Underway,
    own_tallies: OwnTallies,
    /// Gone once the conversation is closing: then nothing more is taken.
    writer: RwLock<Option<WriterQueue<Ticket>>>,
}

/// A [`Chat`] that nobody is kept from dropping: for what the conversation itself holds.
pub(crate) struct WeakChat(Weak<Inner>);

/// The tasks behind a [`Chat`]; keep it to stop them in order.
pub struct ChatTasks {
    writer: JoinHandle<()>,
    publisher: JoinHandle<()>,
    deliverer: JoinHandle<()>,
    gatherer: JoinHandle<()>,
    stop_gathering: CancellationToken,
    others: Vec<JoinHandle<()>>,
}

impl Chat {
    /// Makes the lobby when there is none, and starts the writer and the delivery.
    ///
    /// # Errors
    /// [`Error::Store`] when the database can't be read or written.
    pub async fn start(parts: ChatParts) -> Result<(Self, ChatTasks), Error> {
        let lobby = lobby::ensure(&parts.db, &parts.config.lobby_name, parts.clock.now()).await?;
        let (queue, writer, finished) = batch_writer();
        let news = Bus::in_process();
        let heard = news.subscribe(NEWS_QUEUED);
        let ended = parts.account_events.subscribe(NEWS_QUEUED);
        let hooks = Arc::new(OnceLock::new());
        let chat = Self(Arc::new(Inner {
            access: Access::new(parts.db.clone(), lobby, parts.outbox.clone(), Arc::clone(&hooks)),
            presence: Presence::new(parts.config.offline_after()),
            paces: Paces::new(parts.limits),
            turns: Turns::new(parts.limits),
            gathered: Gathered::default(),
            quotas: Quotas::new(parts.limits.making),
            hub: Hub::new(parts.encoder),
            metrics: ChatMetrics::default(),
            writer: RwLock::new(Some(queue)),
            news: news.clone(),
            hooks,
            whispers: Whispers::new(),
            presses: Presses::new(),
            kept_senders: KeptSenders::new(),
            rooms_told: RoomsTold::new(),
            underway: Underway::new(),
            own_tallies: OwnTallies::default(),
            db: parts.db.clone(),
            clock: parts.clock,
            accounts: parts.accounts,
            outbox: parts.outbox,
            config: parts.config,
            limits: parts.limits,
            lobby,
        }));
        chat.accounts().set_name_gate(Arc::new(SignInNames::new(&chat)));
        let history = chat.config().history;
        let writer = tokio::spawn(async move {
            if history { writer.run(parts.db).await } else { writer.run_without_history(parts.db).await }
        });
        let publisher = tokio::spawn(publish::publish_batches(chat.clone(), finished, news));
        let deliverer = tokio::spawn(publish::deliver_news(chat.clone(), heard));
        let stop_gathering = CancellationToken::new();
        let gatherer = tokio::spawn(gathered::write_gathered(chat.clone(), stop_gathering.clone()));
        let others = vec![
            tokio::spawn(heed_accounts(chat.clone(), ended)),
            tokio::spawn(presence::notice_who_is_away(chat.clone())),
            tokio::spawn(sweep(chat.clone())),
            tokio::spawn(tally_own_messages(chat.clone())),
        ];
        Ok((chat, ChatTasks { writer, publisher, deliverer, gatherer, stop_gathering, others }))
    }

    /// Lets a session listen and speak through `mailbox`. Its end closes the connection with 4001.
    ///
    /// # Errors
    /// [`Error::Busy`] once the conversation is closing.
    pub fn connect(&self, session: Session, mailbox: Arc<Mailbox>) -> Result<Connection, Error> {
        if self.0.writer.read().is_none() {
            return Err(Error::Busy);
        }
        let core = Core::new(self.0.hub.next_id(), session, mailbox);
        if self.0.hub.add(Arc::clone(&core), self.0.limits.connections_per_user) {
            self.came_online(core.user_id());
        }
        // An end that was published before the line above found nobody to close.
        if core.session().has_ended() {
            hub::end(&core);
        }
        // Likewise a closing that began since the look above.
        if self.0.writer.read().is_none() {
            hub::go_away(&core);
        }
        Ok(Connection::new(self.clone(), core))
    }

    /// Takes nothing more. What was handed over before is still written and answered; after that every connection
    /// closes with 1001. [`ChatTasks::stop`] waits for it.
    pub fn close(&self) {
        self.0.writer.write().take();
    }

    /// Has `hooks` asked and told from now on. Set once, at the start: false when there were some before, which stay.
    pub fn set_hooks(&self, hooks: Arc<dyn Hooks>) -> bool {
        self.0.hooks.set(hooks).is_ok()
    }

    /// The room that everyone is in.
    #[must_use]
    pub fn lobby(&self) -> RoomId {
        self.0.lobby
    }

    /// What it counts.
    #[must_use]
    pub fn metrics(&self) -> &ChatMetrics {
        &self.0.metrics
    }

    /// Frames put into mailboxes since the start.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        self.0.hub.deliveries()
    }

    /// Entries that wait for the writer now.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.writer.read().as_ref().map_or(0, WriterQueue::waiting)
    }

    /// For how long writes have not moved though there were some.
    #[must_use]
    pub fn writes_stuck_for(&self) -> Duration {
        self.0.writer.read().as_ref().map_or(Duration::ZERO, WriterQueue::stuck_for)
    }

    /// The section `chat` of the configuration.
    #[must_use]
    pub fn config(&self) -> &ChatConfig {
        &self.0.config
    }

    pub(crate) fn disconnect(&self, core: &Arc<Core>) {
        self.stop_watching(core);
        if self.0.hub.remove(core) {
            self.went_offline(core.user_id());
        }
    }

    /// A room as `core` sits in it, or would.
    pub(crate) fn seat(&self, core: &Core, room: RoomId) -> Seat {
        core.seat(room).unwrap_or_else(|| Seat::new(self.0.hub.open(room), core.user_id()))
    }

    /// Tells everybody who listens to `room` something that is not kept.
    pub(crate) async fn pass(&self, room: RoomId, event: ServerEvent, except: Option<ConnectionId>) {
        self.0.news.publish(News::Passing { room, event: Arc::new(event), except }).await;
    }

    pub(crate) async fn publish(&self, news: News) {
        self.0.news.publish(news).await;
    }

    /// Tells one user something, on every connection.
    pub(crate) async fn tell(&self, user: UserId, event: ServerEvent) {
        self.0.news.publish(News::Personal { user, event: Arc::new(event) }).await;
    }

    /// Costs one atomic load.
    pub(crate) fn hooks(&self) -> Option<&dyn Hooks> {
        self.0.hooks.get().map(|hooks| &**hooks)
    }

    pub(crate) fn weak(&self) -> WeakChat {
        WeakChat(Arc::downgrade(&self.0))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    pub(crate) fn committed(&self) {
        self.0.outbox.wake();
    }

    pub(crate) fn access(&self) -> &Access {
        &self.0.access
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    pub(crate) fn whispers(&self) -> &Whispers {
        &self.0.whispers
    }

    pub(crate) fn presses(&self) -> &Presses {
        &self.0.presses
    }

    pub(crate) fn rooms_told(&self) -> &RoomsTold {
        &self.0.rooms_told
    }

    pub(crate) fn kept_senders(&self) -> &KeptSenders {
        &self.0.kept_senders
    }

    pub(crate) fn underway(&self) -> &Underway {
        &self.0.underway
    }

    pub(crate) fn own_tallies(&self) -> &OwnTallies {
        &self.0.own_tallies
    }

    pub(crate) fn limits(&self) -> ChatLimits {
        self.0.limits
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    pub(crate) fn paces(&self) -> &Paces {
        &self.0.paces
    }

    pub(crate) fn gathered(&self) -> &Gathered {
        &self.0.gathered
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    pub(crate) fn writer(&self) -> Option<WriterQueue<Ticket>> {
        self.0.writer.read().clone()
    }
}

impl WeakChat {
    /// While there is one.
    pub(crate) fn get(&self) -> Option<Chat> {
        self.0.upgrade().map(Chat)
    }
}

impl ChatTasks {
    /// Waits until everything taken before [`Chat::close`] is written and answered, and what was gathered is written;
    /// then stops the rest.
    pub async fn stop(self) {
        for task in [self.writer, self.publisher, self.deliverer] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the conversation ended badly");
            }
        }
        self.stop_gathering.cancel();
        if let Err(error) = self.gatherer.await {
            tracing::error!(%error, "what was gathered is not written");
        }
        for task in self.others {
            task.abort();
        }
    }
}

/// Why a banned user's connections close.
const BANNED: &str = "banned";

/// Closes connections whose session ended, here or on another node.
async fn heed_accounts(chat: Chat, mut events: Subscription<AccountEvent>) {
    while let Some(event) = events.next().await {
        chat.heed(event);
    }
}

impl Chat {
    fn heed(&self, event: AccountEvent) {
        match event {
            AccountEvent::SessionEnded { session, user, why } => self.0.hub.end_session(user, session, why),
            AccountEvent::UserBanned { user } => {
                for core in self.0.hub.connections_of(user) {
                    core.mailbox().close(CloseCode::Policy, BANNED);
                }
            }
            // A session knows by itself that it was renewed, and its user's name.
            AccountEvent::SessionRenewed { .. }
            | AccountEvent::UserChanged { .. }
            | AccountEvent::UsersMerged { .. } => {}
        }
    }
}

/// Closes connections whose session expired, and forgets what is not needed any more.
async fn sweep(chat: Chat) {
    const EVERY: Duration = Duration::from_secs(1);
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let now = chat.now();
        chat.0.paces.sweep(now);
        chat.0.turns.sweep();
        chat.0.quotas.sweep();
        for core in chat.0.hub.all() {
            if core.session().expires_at() <= now {
                hub::end(&core);
            } else if core.session().is_banned(now) {
                // Connected while the ban was made known: the word came too early for it.
                core.mailbox().close(CloseCode::Policy, BANNED);
            }
        }
    }
}

/// Writes what users wrote themselves beside how far they have read, once a while.
async fn tally_own_messages(chat: Chat) {
    let mut ticks = tokio::time::interval(TALLY_EVERY);
    loop {
        ticks.tick().await;
        chat.write_own_tallies().await;
    }
}

impl Chat {
    pub(crate) async fn write_own_tallies(&self) {
        if let Err(error) = self.0.own_tallies.write(self.db()).await {
            tracing::warn!(%error, "own messages wait to be tallied");
        }
    }
}
