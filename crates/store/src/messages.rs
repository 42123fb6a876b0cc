//! Messages as they are now.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, PaginatorTrait, QueryOrder, QuerySelect, Statement};
use teahouse_protocol::{ClientId, MessageId, RoomId, Seq, Timestamp, UserId};
use uuid::Uuid;

use crate::entity::message;
use crate::writer::{FirstAck, NewMessage};
use crate::{Error, Fingerprint, PageSize, statements};

/// Rows a statement: 14 columns each stay far below SQLite's 32 766 variables and PostgreSQL's 65 535.
const ROWS_A_STATEMENT: usize = 512;

/// The message `id`.
pub async fn find(conn: &impl ConnectionTrait, id: MessageId) -> Result<Option<message::Model>, Error> {
    Ok(message::Entity::find_by_id(id.uuid()).one(conn).await?)
}

/// The messages `ids` that are there, in no order.
pub async fn find_many(conn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<message::Model>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(message::Entity::find().filter(message::Column::Id.is_in(ids.iter().copied())).all(conn).await?)
}

/// The message that `sender` sent to `room` under `client_id`. Reads the index by client id.
pub async fn find_by_client_id(
    conn: &impl ConnectionTrait,
    client_id: &ClientId,
    sender: UserId,
    room: RoomId,
) -> Result<Option<message::Model>, Error> {
    Ok(message::Entity::find()
        .filter(message::Column::ClientId.eq(client_id.as_str()))
        .filter(message::Column::SenderId.eq(sender.uuid()))
        .filter(message::Column::RoomId.eq(room.uuid()))
        .one(conn)
        .await?)
}

/// The messages that were sent under these client ids, by these senders to these rooms. Reads the index by client id.
pub async fn find_by_client_ids(
    conn: &impl ConnectionTrait,
    wanted: &[(&ClientId, UserId, RoomId)],
) -> Result<Vec<message::Model>, Error> {
    let mut found = Vec::new();
    for some in wanted.chunks(ROWS_A_STATEMENT) {
        let columns = ["client_id", "sender_id", "room_id"];
        let values = some
            .iter()
            .map(|(id, sender, room)| vec![id.as_str().into(), sender.uuid().into(), room.uuid().into()]);
        let statement = statements::pick(conn, "messages", &columns, values.collect());
        found.extend(message::Entity::find().from_raw_sql(statement).all(conn).await?);
    }
    Ok(found)
}

/// The messages at these places, room and number. Reads the index (room, seq).
pub async fn find_at(
    conn: &impl ConnectionTrait,
    places: &[(Uuid, i64)],
) -> Result<Vec<message::Model>, Error> {
    let mut found = Vec::new();
    for some in places.chunks(ROWS_A_STATEMENT) {
        let values = some.iter().map(|(room, seq)| vec![(*room).into(), (*seq).into()]);
        let statement = statements::pick(conn, "messages", &["room_id", "seq"], values.collect());
        found.extend(message::Entity::find().from_raw_sql(statement).all(conn).await?);
    }
    Ok(found)
}

/// What was sent when `row` came first, where that was noted.
#[must_use]
pub fn fingerprint(row: &message::Model) -> Option<Fingerprint> {
    row.fingerprint.map(Fingerprint::from_stored)
}

/// What was answered when `row` came first.
#[must_use]
pub fn first_ack(row: &message::Model) -> FirstAck {
    FirstAck {
        message: MessageId::from_uuid(row.id),
        seq: Seq::new(row.seq).unwrap_or_default(),
        at: Timestamp::from_millis(row.sent_at_ms),
    }
}

/// The messages of `room` before `before`, newest first, at most `size`. Reads the index (room, seq).
pub async fn page_before(
    conn: &impl ConnectionTrait,
    room: RoomId,
    before: Seq,
    size: PageSize,
) -> Result<Vec<message::Model>, Error> {
    Ok(message::Entity::find()
        .filter(message::Column::RoomId.eq(room.uuid()))
        .filter(message::Column::Seq.lt(before.get()))
        .order_by_desc(message::Column::Seq)
        .limit(size.rows())
        .all(conn)
        .await?)
}

/// The messages of `room` after `after`, oldest first, at most `size`. Reads the index (room, seq).
pub async fn page_after(
    conn: &impl ConnectionTrait,
    room: RoomId,
    after: Seq,
    size: PageSize,
) -> Result<Vec<message::Model>, Error> {
    Ok(message::Entity::find()
        .filter(message::Column::RoomId.eq(room.uuid()))
        .filter(message::Column::Seq.gt(after.get()))
        .order_by_asc(message::Column::Seq)
        .limit(size.rows())
        .all(conn)
        .await?)
}

/// The messages after `after` by id, which is by age over all rooms, oldest first, at most `size`. Reads the primary key.
pub async fn page_by_id(
    conn: &impl ConnectionTrait,
    after: Uuid,
    size: PageSize,
) -> Result<Vec<message::Model>, Error> {
    Ok(message::Entity::find()
        .filter(message::Column::Id.gt(after))
        .order_by_asc(message::Column::Id)
        .limit(size.rows())
        .all(conn)
        .await?)
}

/// How many messages were sent since `since`. Reads the primary key.
pub async fn count_since(conn: &impl ConnectionTrait, since: Timestamp) -> Result<u64, Error> {
    Ok(message::Entity::find().filter(message::Column::Id.gt(first_id_at(since))).count(conn).await?)
}

/// The lowest UUIDv7 of `time`: its first 48 bits are milliseconds since 1970.
#[must_use]
pub fn first_id_at(time: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(u64::try_from(time.millis()).unwrap_or(0)) << 80)
}

/// The statements that write `rows`, many a statement.
pub(crate) fn insert_many(tx: &impl ConnectionTrait, mut rows: Vec<message::ActiveModel>) -> Vec<Statement> {
    let mut inserts = Vec::new();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_A_STATEMENT));
        inserts.push(statements::build(tx, &message::Entity::insert_many(rows)));
        rows = rest;
    }
    inserts
}

/// `message` under its number.
pub(crate) fn row(message: &NewMessage, seq: Seq) -> message::ActiveModel {
    message::ActiveModel {
        id: Set(message.id.uuid()),
        room_id: Set(message.room.uuid()),
        seq: Set(seq.get()),
        sender_id: Set(message.sender.uuid()),
        client_id: Set(message.client_id.as_ref().map(|id| id.as_str().to_owned())),
        kind: Set(message.content.kind().number()),
        content: Set(message.content.to_stored()),
        reply_to: Set(message.reply_to.map(MessageId::uuid)),
        mentions: Set(mentions_to_stored(&message.mentions)),
        sent_at_ms: Set(message.at.millis()),
        edited_at_ms: Set(None),
        recalled_at_ms: Set(None),
        hops: Set(i16::from(message.hops)),
        fingerprint: Set(message.fingerprint.map(Fingerprint::to_stored)),
    }
}

/// As [`mentions`] reads it.
#[must_use]
pub fn mentions_to_stored(mentions: &[UserId]) -> Option<String> {
    if mentions.is_empty() { None } else { serde_json::to_string(mentions).ok() }
}

/// Who is meant in `row`.
#[must_use]
pub fn mentions(row: &message::Model) -> Vec<UserId> {
    row.mentions.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}
