//! Rooms.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, JoinType, QueryOrder, QuerySelect};
use teahouse_protocol::{Emoji, RoomId, RoomKind, Seq, Timestamp, UserId, Visibility};
use uuid::Uuid;

use crate::entity::{member, room};
use crate::statements::ROWS_A_STATEMENT;
use crate::{Error, PageSize};

/// The key of the room that everyone is in.
pub const LOBBY_KEY: &str = "lobby";

/// The key of the room of a pair: the same whoever begins.
#[must_use]
pub fn direct_key(one: UserId, other: UserId) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    format!("direct:{first}:{second}")
}

/// The number of `kind` in the database.
#[must_use]
pub const fn kind_number(kind: RoomKind) -> i16 {
    match kind {
        RoomKind::Group => 0,
        RoomKind::Channel => 1,
        RoomKind::Direct => 2,
    }
}

/// What `row` is for.
#[must_use]
pub const fn kind(row: &room::Model) -> RoomKind {
    match row.kind {
        1 => RoomKind::Channel,
        2 => RoomKind::Direct,
        _ => RoomKind::Group,
    }
}

/// The number of `visibility` in the database.
#[must_use]
pub const fn visibility_number(visibility: Visibility) -> i16 {
    match visibility {
        Visibility::Private => 0,
        Visibility::Public => 1,
    }
}

/// Who may find `row`.
#[must_use]
pub const fn visibility(row: &room::Model) -> Visibility {
    if row.visibility == 1 { Visibility::Public } else { Visibility::Private }
}

/// The emoji that may be put to messages of `row`; none: any.
#[must_use]
pub fn allowed_reactions(row: &room::Model) -> Vec<Emoji> {
    serde_json::from_str(&row.allowed_reactions).unwrap_or_default()
}

/// How [`allowed_reactions`] stand in the row.
pub(crate) fn stored_reactions(allowed: &[Emoji]) -> String {
    if allowed.is_empty() { String::new() } else { serde_json::to_string(allowed).unwrap_or_default() }
}

/// The room `id`, unless it was deleted.
pub async fn find(conn: &impl ConnectionTrait, id: RoomId) -> Result<Option<room::Model>, Error> {
    Ok(room::Entity::find_by_id(id.uuid()).filter(room::Column::DeletedAtMs.is_null()).one(conn).await?)
}

/// How far the logs of those of `rooms` reach that are there.
pub async fn heads(conn: &impl ConnectionTrait, rooms: &[RoomId]) -> Result<HashMap<RoomId, Seq>, Error> {
    let mut heads = HashMap::with_capacity(rooms.len());
    for some in rooms.chunks(ROWS_A_STATEMENT) {
        let rows: Vec<(Uuid, i64)> = room::Entity::find()
            .select_only()
            .columns([room::Column::Id, room::Column::LastSeq])
            .filter(room::Column::Id.is_in(some.iter().map(|room| room.uuid())))
            .filter(room::Column::DeletedAtMs.is_null())
            .into_tuple()
            .all(conn)
            .await?;
        let head = |(id, seq)| (RoomId::from_uuid(id), Seq::new(seq).unwrap_or_default());
        heads.extend(rows.into_iter().map(head));
    }
    Ok(heads)
}

/// Those of `ids` that are there, in no order.
pub async fn find_many(conn: &impl ConnectionTrait, ids: &[RoomId]) -> Result<Vec<room::Model>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(ROWS_A_STATEMENT) {
        let rows = room::Entity::find()
            .filter(room::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
            .filter(room::Column::DeletedAtMs.is_null());
        found.extend(rows.all(conn).await?);
    }
    Ok(found)
}

/// The room with this key, such as the lobby.
pub async fn find_by_key(conn: &impl ConnectionTrait, key: &str) -> Result<Option<room::Model>, Error> {
    Ok(room::Entity::find().filter(room::Column::UniqueKey.eq(key)).one(conn).await?)
}

/// The public rooms after `after`, by id (so by age), at most `size`. Reads the index (visibility, id).
pub async fn page_public(
    conn: &impl ConnectionTrait,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<room::Model>, Error> {
    let mut query = room::Entity::find()
        .filter(room::Column::Visibility.eq(visibility_number(Visibility::Public)))
        .filter(room::Column::DeletedAtMs.is_null());
    if let Some(after) = after {
        query = query.filter(room::Column::Id.gt(after));
    }
    Ok(query.order_by_asc(room::Column::Id).limit(size.rows()).all(conn).await?)
}

/// The rooms of `user` after `after`, by id, at most `size`, each with what the user is in it. Reads the index
/// (user, room) of members.
pub async fn page_of_member(
    conn: &impl ConnectionTrait,
    user: UserId,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<(member::Model, room::Model)>, Error> {
    let mut query = member::Entity::find()
        .select_also(room::Entity)
        .join(
            JoinType::InnerJoin,
            member::Entity::belongs_to(room::Entity).from(member::Column::RoomId).to(room::Column::Id).into(),
        )
        .filter(member::Column::UserId.eq(user.uuid()))
        .filter(room::Column::DeletedAtMs.is_null());
    if let Some(after) = after {
        query = query.filter(member::Column::RoomId.gt(after));
    }
    let rows = query.order_by_asc(member::Column::RoomId).limit(size.rows()).all(conn).await?;
    Ok(rows.into_iter().filter_map(|(member, room)| room.map(|room| (member, room))).collect())
}

/// Makes a room that no log entry brings into being: the lobby.
pub async fn insert_keyed(
    conn: &impl ConnectionTrait,
    id: RoomId,
    kind: RoomKind,
    visibility: Visibility,
    name: &str,
    key: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let row = room::ActiveModel {
        id: Set(id.uuid()),
        kind: Set(kind_number(kind)),
        visibility: Set(visibility_number(visibility)),
        name: Set(name.to_owned()),
        announcement: Set(String::new()),
        unique_key: Set(Some(key.to_owned())),
        created_by: Set(None),
        created_at_ms: Set(at.millis()),
        last_seq: Set(0),
        deleted_at_ms: Set(None),
        allowed_reactions: Set(String::new()),
        readers_may_react: Set(false),
    };
    room::Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

/// When `room` is the direct room of `from` and somebody, it becomes that of `into` and them, unless those two have
/// one already: then it stays as it is, readable, and nobody finds it by its pair.
pub async fn move_direct(
    conn: &impl ConnectionTrait,
    room: RoomId,
    from: UserId,
    into: UserId,
) -> Result<(), Error> {
    let Some(row) = find(conn, room).await?.filter(|row| kind(row) == RoomKind::Direct) else {
        return Ok(());
    };
    let Some(other) = other_of_pair(row.unique_key.as_deref().unwrap_or_default(), from) else {
        return Ok(());
    };
    let key = direct_key(into, other);
    if find_by_key(conn, &key).await?.is_some() {
        return Ok(());
    }
    room::Entity::update_many()
        .col_expr(room::Column::UniqueKey, Expr::value(key))
        .filter(room::Column::Id.eq(row.id))
        .exec(conn)
        .await?;
    Ok(())
}

fn other_of_pair(key: &str, one: UserId) -> Option<UserId> {
    let (first, second) = key.strip_prefix("direct:")?.split_once(':')?;
    let (first, second): (UserId, UserId) = (first.parse().ok()?, second.parse().ok()?);
    if first == one { Some(second) } else { (second == one).then_some(first) }
}
