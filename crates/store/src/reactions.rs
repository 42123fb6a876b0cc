//! Emoji that people put to messages: how many, by whom, and of how many kinds.
//!
//! Whatever is read here has a bound: of a message 20 kinds, of a kind a count up to 1000. Rows of before there was one
//! may be any words, in any number.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryOrder, QuerySelect, Statement, Value};
use teahouse_protocol::{Emoji, MAX_REACTIONS, MessageId, REACTIONS_COUNTED, Timestamp, UserId};

use crate::entity::reaction;
use crate::statements::numbered;
use crate::{Error, PageSize};

/// One kind of reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Kind {
    /// The message.
    pub message_id: Uuid,
    /// The emoji, as it was put.
    pub emoji: String,
    /// How many put it, up to 1000.
    pub users: i64,
    /// Whether who asks is among them.
    pub mine: bool,
}

/// The kinds of reactions to `messages`, at most 20 of each message, as `reader` sees them. Steps through the index by
/// emoji from kind to kind: their number costs, and not how many put each.
pub async fn kinds(
    conn: &impl ConnectionTrait,
    messages: &[Uuid],
    reader: Option<UserId>,
) -> Result<Vec<Kind>, Error> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let marks = vec!["?"; messages.len()].join(",");
    let sql = format!(
        "WITH RECURSIVE kinds (message_id, emoji, place) AS (\
           SELECT m.id, (SELECT MIN(r.emoji) FROM reactions r WHERE r.message_id = m.id), 1 \
             FROM messages m WHERE m.id IN ({marks}) \
           UNION ALL \
           SELECT k.message_id, (SELECT MIN(r.emoji) FROM reactions r \
             WHERE r.message_id = k.message_id AND r.emoji > k.emoji), k.place + 1 \
             FROM kinds k WHERE k.emoji IS NOT NULL AND k.place < {MAX_REACTIONS}) \
         SELECT k.message_id, k.emoji, \
           (SELECT COUNT(*) FROM (SELECT 1 FROM reactions r \
             WHERE r.message_id = k.message_id AND r.emoji = k.emoji LIMIT {REACTIONS_COUNTED}) counted) AS users, \
           EXISTS (SELECT 1 FROM reactions r \
             WHERE r.message_id = k.message_id AND r.user_id = ? AND r.emoji = k.emoji) AS mine \
         FROM kinds k WHERE k.emoji IS NOT NULL ORDER BY k.message_id, k.place"
    );
    let reader = reader.map_or(Uuid::nil(), UserId::uuid);
    let values: Vec<Value> = messages.iter().copied().chain([reader]).map(Value::from).collect();
    let backend = conn.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, numbered(backend, &sql), values);
    Ok(Kind::find_by_statement(statement).all(conn).await?)
}

/// Who put `emoji`, in one of its `forms`, to `message`, and when; after `after`, by user id, at most `size`.
pub async fn page_of_kind(
    conn: &impl ConnectionTrait,
    message: MessageId,
    forms: &[String],
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<reaction::Model>, Error> {
    let mut query = reaction::Entity::find()
        .filter(reaction::Column::MessageId.eq(message.uuid()))
        .filter(reaction::Column::Emoji.is_in(forms));
    if let Some(after) = after {
        query = query.filter(reaction::Column::UserId.gt(after));
    }
    Ok(query.order_by_asc(reaction::Column::UserId).limit(size.rows()).all(conn).await?)
}

/// Whether `user` has put `emoji` to `message`. Reads the primary key.
pub async fn is_there(
    conn: &impl ConnectionTrait,
    message: MessageId,
    user: UserId,
    emoji: Emoji,
) -> Result<bool, Error> {
    let key = (message.uuid(), user.uuid(), emoji.as_str().to_owned());
    Ok(reaction::Entity::find_by_id(key).one(conn).await?.is_some())
}

/// Whether `emoji` would be one kind too many for `message`.
pub(crate) async fn is_one_too_many(
    tx: &impl ConnectionTrait,
    message: MessageId,
    emoji: Emoji,
) -> Result<bool, Error> {
    if count(tx, message, emoji.as_str(), 1).await? > 0 {
        return Ok(false);
    }
    Ok(kinds(tx, &[message.uuid()], None).await?.len() >= MAX_REACTIONS)
}

/// Puts `emoji` to `message`; again is the same as once, and then this is false.
pub(crate) async fn insert(
    tx: &impl ConnectionTrait,
    message: MessageId,
    user: UserId,
    emoji: Emoji,
    at: Timestamp,
) -> Result<bool, Error> {
    let row = reaction::ActiveModel {
        message_id: Set(message.uuid()),
        user_id: Set(user.uuid()),
        emoji: Set(emoji.as_str().to_owned()),
        at_ms: Set(at.millis()),
    };
    let inserted = reaction::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted > 0)
}

/// Takes away what `user` put to `message` in one of these forms; false when it was not there.
pub(crate) async fn delete(
    tx: &impl ConnectionTrait,
    message: MessageId,
    user: UserId,
    forms: &[String],
) -> Result<bool, Error> {
    let deleted = reaction::Entity::delete_many()
        .filter(reaction::Column::MessageId.eq(message.uuid()))
        .filter(reaction::Column::UserId.eq(user.uuid()))
        .filter(reaction::Column::Emoji.is_in(forms))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected > 0)
}

/// How many put `emoji` to `message`, counted up to `most`.
pub(crate) async fn count(
    tx: &impl ConnectionTrait,
    message: MessageId,
    emoji: &str,
    most: u32,
) -> Result<u32, Error> {
    let users: Vec<Uuid> = reaction::Entity::find()
        .select_only()
        .column(reaction::Column::UserId)
        .filter(reaction::Column::MessageId.eq(message.uuid()))
        .filter(reaction::Column::Emoji.eq(emoji))
        .limit(u64::from(most))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(u32::try_from(users.len()).unwrap_or(most))
}
