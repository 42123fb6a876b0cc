//! Who is in which room, as what.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, PaginatorTrait, QueryOrder, QuerySelect};
use teahouse_protocol::{Role, RoomId, Timestamp, UserId};
use uuid::Uuid;

use crate::entity::{ban, member};
use crate::statements::ROWS_A_STATEMENT;
use crate::writer::MemberState;
use crate::{Error, PageSize, statements};

/// The number of `role` in the database; a higher one outranks a lower.
#[must_use]
pub const fn role_number(role: Role) -> i16 {
    match role {
        Role::Member => 0,
        Role::Admin => 1,
        Role::Owner => 2,
    }
}

/// What `row` says that the member may do.
#[must_use]
pub const fn role(row: &member::Model) -> Role {
    role_of_number(row.role)
}

/// The role with this number in the database.
#[must_use]
pub const fn role_of_number(number: i16) -> Role {
    match number {
        2 => Role::Owner,
        1 => Role::Admin,
        _ => Role::Member,
    }
}

/// What `row` says that the member is.
#[must_use]
pub fn state(row: &member::Model) -> MemberState {
    MemberState { role: role(row), muted_until: row.muted_until_ms.map(Timestamp::from_millis) }
}

/// What `user` is in `room`.
pub async fn find(
    conn: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
) -> Result<Option<member::Model>, Error> {
    Ok(member::Entity::find_by_id((room.uuid(), user.uuid())).one(conn).await?)
}

/// The members of `room` after `after`, by user id, at most `size`. Reads the primary key.
pub async fn page(
    conn: &impl ConnectionTrait,
    room: RoomId,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<member::Model>, Error> {
    let mut query = member::Entity::find().filter(member::Column::RoomId.eq(room.uuid()));
    if let Some(after) = after {
        query = query.filter(member::Column::UserId.gt(after));
    }
    Ok(query.order_by_asc(member::Column::UserId).limit(size.rows()).all(conn).await?)
}

/// The members of `room` who may keep order there, at most `size`. Reads the primary key.
pub async fn moderators(
    conn: &impl ConnectionTrait,
    room: RoomId,
    size: PageSize,
) -> Result<Vec<UserId>, Error> {
    let ids: Vec<Uuid> = member::Entity::find()
        .select_only()
        .column(member::Column::UserId)
        .filter(member::Column::RoomId.eq(room.uuid()))
        .filter(member::Column::Role.gte(role_number(Role::Admin)))
        .order_by_asc(member::Column::UserId)
        .limit(size.rows())
        .into_tuple()
        .all(conn)
        .await?;
    Ok(ids.into_iter().map(UserId::from_uuid).collect())
}

/// What those of `users` are in `room` who are members there. Reads the primary key.
pub async fn roles_of(
    conn: &impl ConnectionTrait,
    room: RoomId,
    users: &[UserId],
) -> Result<HashMap<UserId, Role>, Error> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = member::Entity::find()
        .filter(member::Column::RoomId.eq(room.uuid()))
        .filter(member::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
        .all(conn)
        .await?;
    Ok(rows.iter().map(|row| (UserId::from_uuid(row.user_id), role(row))).collect())
}

/// Those of `wanted`, room and user, who are members there. Reads the primary key.
pub async fn among(
    conn: &impl ConnectionTrait,
    wanted: &[(Uuid, Uuid)],
) -> Result<HashSet<(Uuid, Uuid)>, Error> {
    /// Two values each stay far below what the engines take.
    const A_STATEMENT: usize = 1_000;
    let mut found = HashSet::new();
    for some in wanted.chunks(A_STATEMENT) {
        let values = some.iter().map(|(room, user)| vec![(*room).into(), (*user).into()]);
        let statement = statements::pick(conn, "members", &["room_id", "user_id"], values.collect());
        let rows = member::Entity::find().from_raw_sql(statement).all(conn).await?;
        found.extend(rows.into_iter().map(|row| (row.room_id, row.user_id)));
    }
    Ok(found)
}

/// What `user` is in those of `rooms` that they are a member of. Reads the primary key.
pub async fn of_user_in(
    conn: &impl ConnectionTrait,
    user: UserId,
    rooms: &[RoomId],
) -> Result<HashMap<RoomId, MemberState>, Error> {
    let mut found = HashMap::with_capacity(rooms.len());
    for rooms in rooms.chunks(ROWS_A_STATEMENT) {
        let rows = member::Entity::find()
            .filter(member::Column::UserId.eq(user.uuid()))
            .filter(member::Column::RoomId.is_in(rooms.iter().map(|room| room.uuid())))
            .all(conn)
            .await?;
        found.extend(rows.iter().map(|row| (RoomId::from_uuid(row.room_id), state(row))));
    }
    Ok(found)
}

/// The members of each of `rooms`, which are direct ones. Reads the primary key.
pub async fn pairs_of(
    conn: &impl ConnectionTrait,
    rooms: &[RoomId],
) -> Result<HashMap<RoomId, Vec<UserId>>, Error> {
    let mut pairs: HashMap<RoomId, Vec<UserId>> = HashMap::with_capacity(rooms.len());
    for rooms in rooms.chunks(ROWS_A_STATEMENT) {
        let rows: Vec<(Uuid, Uuid)> = member::Entity::find()
            .select_only()
            .column(member::Column::RoomId)
            .column(member::Column::UserId)
            .filter(member::Column::RoomId.is_in(rooms.iter().map(|room| room.uuid())))
            .into_tuple()
            .all(conn)
            .await?;
        for (room, user) in rows {
            pairs.entry(RoomId::from_uuid(room)).or_default().push(UserId::from_uuid(user));
        }
    }
    Ok(pairs)
}

/// How many members `room` has.
pub async fn count(conn: &impl ConnectionTrait, room: RoomId) -> Result<u64, Error> {
    Ok(member::Entity::find().filter(member::Column::RoomId.eq(room.uuid())).count(conn).await?)
}

/// The ids of all rooms that `user` is in.
pub async fn rooms_of(conn: &impl ConnectionTrait, user: UserId) -> Result<Vec<RoomId>, Error> {
    let ids: Vec<Uuid> = member::Entity::find()
        .select_only()
        .column(member::Column::RoomId)
        .filter(member::Column::UserId.eq(user.uuid()))
        .order_by_asc(member::Column::RoomId)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(ids.into_iter().map(RoomId::from_uuid).collect())
}

/// The owners of `room` other than `user`, at most one: whether it would be left without any.
pub async fn has_other_owner(conn: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<bool, Error> {
    let other = member::Entity::find()
        .filter(member::Column::RoomId.eq(room.uuid()))
        .filter(member::Column::UserId.ne(user.uuid()))
        .filter(member::Column::Role.eq(role_number(Role::Owner)))
        .one(conn)
        .await?;
    Ok(other.is_some())
}

/// Makes `user` a member of `room`; false when they are one already.
pub async fn insert(
    conn: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    role: Role,
    at: Timestamp,
) -> Result<bool, Error> {
    let row = member::ActiveModel {
        room_id: Set(room.uuid()),
        user_id: Set(user.uuid()),
        role: Set(role_number(role)),
        joined_at_ms: Set(at.millis()),
        muted_until_ms: Set(None),
    };
    let inserted = member::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(inserted > 0)
}

/// Whether `user` may not come back into `room`.
pub async fn is_banned(conn: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<bool, Error> {
    Ok(ban::Entity::find_by_id((room.uuid(), user.uuid())).one(conn).await?.is_some())
}

/// Those of `users` who are banned from `room`. Reads the primary key.
pub async fn banned_of(
    conn: &impl ConnectionTrait,
    room: RoomId,
    users: &[UserId],
) -> Result<Vec<UserId>, Error> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let rows = ban::Entity::find()
        .filter(ban::Column::RoomId.eq(room.uuid()))
        .filter(ban::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| UserId::from_uuid(row.user_id)).collect())
}

/// The banned of `room` after `after`, by user id, at most `size`. Reads the primary key.
pub async fn page_banned(
    conn: &impl ConnectionTrait,
    room: RoomId,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<ban::Model>, Error> {
    let mut query = ban::Entity::find().filter(ban::Column::RoomId.eq(room.uuid()));
    if let Some(after) = after {
        query = query.filter(ban::Column::UserId.gt(after));
    }
    Ok(query.order_by_asc(ban::Column::UserId).limit(size.rows()).all(conn).await?)
}
