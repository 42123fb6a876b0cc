//! What a test plays in: a database of its own, people, rooms, and batches made by hand.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use teahouse_protocol::{
    ClientId, Content, MessageId, Role, RoomId, RoomKind, Seq, Timestamp, UserId, Visibility,
};
use teahouse_store::entity::{outbox, user};
use teahouse_store::log::{self, LogRow};
use teahouse_store::writer::{
    Append, Appended, Change, ChangeKind, Committed, Entry, NewMessage, NewRoom, Outcome, batch_writer,
};
use teahouse_store::{DatabaseConfig, Db, Error, Fingerprint, PageSize, rooms, users};
pub(crate) use teahouse_testkit::on_both;
use teahouse_testkit::{Fixture, TestDatabase};

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) config: DatabaseConfig,
}

impl Fixture for World {
    async fn new(database: &TestDatabase) -> Self {
        Self { db: database.migrated().await, config: database.config().clone() }
    }
}

impl World {
    /// A database without any table.
    pub(crate) async fn empty(database: &TestDatabase) -> Self {
        Self { db: database.connect().await, config: database.config().clone() }
    }

    /// The same database as another node holds it.
    pub(crate) async fn another_node(&self) -> Db {
        Db::connect(&self.config).await.unwrap()
    }

    pub(crate) async fn person(&self) -> UserId {
        let id = UserId::generate();
        let row = user::Model {
            id: id.uuid(),
            name: "somebody".to_owned(),
            avatar: None,
            is_bot: false,
            is_guest: false,
            created_at_ms: at().millis(),
            last_seen_at_ms: None,
            banned_at_ms: None,
            banned_until_ms: None,
            ban_reason: None,
            ban_generation: None,
            deactivated_at_ms: None,
        };
        users::insert(self.db.writer(), row).await.unwrap();
        id
    }

    /// A group that `owner` is alone in; its log begins with that.
    pub(crate) async fn room(&self, owner: UserId) -> RoomId {
        let room = RoomId::generate();
        let outcome = self.write_one(create(room, owner, None)).await;
        assert_eq!(seqs(&outcome), [1]);
        room
    }

    /// Writes `entries` as one batch.
    pub(crate) async fn write(&self, entries: Vec<Entry>) -> Vec<Result<Outcome, Error>> {
        let mut appended = write_with(&self.db, entries).await;
        appended.sort_by_key(|one| one.ticket);
        appended.into_iter().map(|one| one.outcome).collect()
    }

    /// Writes each of `batches` as one batch, all by one writer.
    pub(crate) async fn write_in_turn(&self, batches: Vec<Vec<Entry>>) {
        let (queue, writer, mut finished) = batch_writer();
        let writing = tokio::spawn(writer.run(self.db.clone()));
        for batch in batches {
            for entry in batch {
                queue.try_append(Append { entry, ticket: () }).unwrap();
            }
            let answered = finished.recv().await.unwrap();
            assert!(answered.iter().all(|one| one.outcome.is_ok()), "{answered:?}");
        }
        drop(queue);
        writing.await.unwrap();
    }

    /// What the outbox rows of batches say, oldest first.
    pub(crate) async fn committed(&self) -> Vec<Committed> {
        let rows = outbox::Entity::find()
            .filter(outbox::Column::Kind.eq(Committed::KIND))
            .order_by_asc(outbox::Column::Id)
            .all(self.db.conn())
            .await
            .unwrap();
        rows.iter().map(|row| serde_json::from_str(&row.payload).unwrap()).collect()
    }

    pub(crate) async fn write_one(&self, entry: Entry) -> Outcome {
        self.write(vec![entry]).await.remove(0).unwrap()
    }

    /// Says something, and returns the message.
    pub(crate) async fn say(&self, room: RoomId, sender: UserId, text: &str) -> MessageId {
        let entry = message(room, sender, None, text);
        let Entry::Message(said) = &entry else { panic!("a message") };
        let id = said.id;
        assert!(matches!(self.write_one(entry).await, Outcome::Written(_)));
        id
    }

    /// The room's whole log, after a look that it is dense and that its head is its newest number.
    pub(crate) async fn log(&self, room: RoomId) -> Vec<LogRow> {
        let mut rows = Vec::new();
        loop {
            let after = rows.last().map_or(Seq::ZERO, seq_of);
            let size = PageSize::capped(500);
            let page = log::page_after(self.db.conn(), room, after, Seq::MAX, size).await.unwrap();
            if page.is_empty() {
                break;
            }
            rows.extend(page);
        }
        let found: Vec<i64> = rows.iter().map(|row| seq_of(row).get()).collect();
        let dense: Vec<i64> = (1..).take(found.len()).collect();
        assert_eq!(found, dense, "the log of {room} is dense from 1");
        if let Some(row) = rooms::find(self.db.conn(), room).await.unwrap() {
            assert_eq!(row.last_seq, i64::try_from(found.len()).unwrap(), "the head of {room}");
        }
        rows
    }

    /// The texts of the room's messages, in order.
    pub(crate) async fn texts(&self, room: RoomId) -> Vec<String> {
        let rows = self.log(room).await.into_iter();
        rows.filter_map(|row| match row {
            LogRow::Message(row) => Some(row.content),
            LogRow::Event(_) => None,
        })
        .collect()
    }

    /// The number that a query of one row and column gives.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        teahouse_testkit::count(&self.db, sql).await
    }
}

/// Writes `entries` as one batch, each with its place as its ticket; in the order in which the writer answers.
pub(crate) async fn write_with(db: &Db, entries: Vec<Entry>) -> Vec<Appended<usize>> {
    let (queue, writer, mut finished) = batch_writer();
    for (ticket, entry) in entries.into_iter().enumerate() {
        queue.try_append(Append { entry, ticket }).unwrap();
    }
    drop(queue);
    let writing = tokio::spawn(writer.run(db.clone()));
    let mut answered = Vec::new();
    // One batch, but for one person's many changes.
    while let Some(batch) = finished.recv().await {
        answered.extend(batch);
    }
    writing.await.unwrap();
    answered
}

pub(crate) fn at() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

pub(crate) fn message(room: RoomId, sender: UserId, client_id: Option<&str>, text: &str) -> Entry {
    Entry::Message(NewMessage {
        id: MessageId::generate(),
        room,
        sender,
        client_id: client_id.map(|id| ClientId::new(id).unwrap()),
        fingerprint: client_id.map(|_| Fingerprint::of(&Content::Text(text.to_owned()), None, &[])),
        content: Content::Text(text.to_owned()),
        reply_to: None,
        mentions: Vec::new(),
        at: at(),
        hops: 0,
        locale: None,
        replaced: None,
        is_heard: false,
    })
}

/// `entry`, of which a bot hears.
pub(crate) fn heard(mut entry: Entry) -> Entry {
    entry.set_heard(true);
    entry
}

pub(crate) fn change(room: RoomId, actor: UserId, kind: ChangeKind) -> Entry {
    Entry::Change(Change { room, actor, at: at(), kind, audit: None, is_heard: false })
}

pub(crate) fn create(room: RoomId, owner: UserId, unique_key: Option<String>) -> Entry {
    let new = NewRoom {
        kind: RoomKind::Group,
        visibility: Visibility::Private,
        name: "a room".to_owned(),
        unique_key,
        members: vec![(owner, Role::Owner)],
    };
    change(room, owner, ChangeKind::CreateRoom(new))
}

pub(crate) fn add(room: RoomId, actor: UserId, user: UserId, role: Role) -> Entry {
    change(room, actor, ChangeKind::AddMember { user, role })
}

/// The numbers that an outcome took.
pub(crate) fn seqs(outcome: &Outcome) -> Vec<i64> {
    match outcome {
        Outcome::Written(seq) => vec![seq.get()],
        other => other.rows().iter().map(|row| row.seq).collect(),
    }
}

pub(crate) fn seq_of(row: &LogRow) -> Seq {
    let seq = match row {
        LogRow::Message(row) => row.seq,
        LogRow::Event(row) => row.seq,
    };
    Seq::new(seq).unwrap()
}
