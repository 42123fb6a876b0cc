//! Who is invited into which room. The row decides: of two who answer it at once, one does.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::{RoomId, Timestamp, UserId};
use uuid::Uuid;

use crate::entity::invitation::{Column, Entity, Model};
use crate::entity::room;
use crate::{Error, PageSize};

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    /// It waits for who is invited.
    Now,
    /// One waited already, and stays as it is.
    Before,
    /// They refused one not long ago, and are not asked.
    Refused(Timestamp),
}

/// Writes an invitation, unless one waits already, or one was refused after `refused_after`.
pub async fn put(
    conn: &impl ConnectionTrait,
    invitation: Model,
    refused_after: Timestamp,
) -> Result<Invited, Error> {
    let (user, room) = (invitation.user_id, invitation.room_id);
    Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .filter(Column::RoomId.eq(room))
        .filter(Column::RefusedAtMs.lte(refused_after.millis()))
        .exec(conn)
        .await?;
    let inserted = Entity::insert(invitation.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    if inserted > 0 {
        return Ok(Invited::Now);
    }
    let there = Entity::find_by_id((user, room)).one(conn).await?;
    let refused_at = there.and_then(|row| row.refused_at_ms).map(Timestamp::from_millis);
    Ok(refused_at.map_or(Invited::Before, Invited::Refused))
}

/// The invitation of `user` into `room` that waits for them.
pub async fn find(conn: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<Option<Model>, Error> {
    let row = Entity::find_by_id((user.uuid(), room.uuid())).one(conn).await?;
    Ok(row.filter(|row| row.refused_at_ms.is_none()))
}

/// The invitations that wait for `user` after the room `after`, by room, at most `size`, each with its room. Reads the
/// primary key.
pub async fn page(
    conn: &impl ConnectionTrait,
    user: UserId,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<(Model, room::Model)>, Error> {
    let mut query = Entity::find()
        .select_also(room::Entity)
        .join(
            JoinType::InnerJoin,
            Entity::belongs_to(room::Entity).from(Column::RoomId).to(room::Column::Id).into(),
        )
        .filter(Column::UserId.eq(user.uuid()))
        .filter(Column::RefusedAtMs.is_null())
        .filter(room::Column::DeletedAtMs.is_null());
    if let Some(after) = after {
        query = query.filter(Column::RoomId.gt(after));
    }
    let rows = query.order_by_asc(Column::RoomId).limit(size.rows()).all(conn).await?;
    Ok(rows.into_iter().filter_map(|(invitation, room)| room.map(|room| (invitation, room))).collect())
}

/// How many invitations of `inviter` wait, in rooms that are there. Reads the index (invited_by, refused_at_ms).
pub async fn count_waiting_of(conn: &impl ConnectionTrait, inviter: UserId) -> Result<u64, Error> {
    let waiting = Entity::find()
        .filter(Column::InvitedBy.eq(inviter.uuid()))
        .filter(Column::RefusedAtMs.is_null())
        .count(conn)
        .await?;
    Ok(waiting)
}

/// Takes an invitation that waits away, to answer it; `None` when somebody else did, or there is none.
pub async fn take(conn: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<Option<Model>, Error> {
    let Some(row) = find(conn, room, user).await? else { return Ok(None) };
    let taken = Entity::delete_many()
        .filter(Column::UserId.eq(user.uuid()))
        .filter(Column::RoomId.eq(room.uuid()))
        .filter(Column::RefusedAtMs.is_null())
        .exec(conn)
        .await?;
    Ok((taken.rows_affected > 0).then_some(row))
}

/// Notes that `user` does not want to come; false when nothing waits.
pub async fn refuse(
    conn: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    at: Timestamp,
) -> Result<bool, Error> {
    let refused = Entity::update_many()
        .col_expr(Column::RefusedAtMs, Expr::value(at.millis()))
        .filter(Column::UserId.eq(user.uuid()))
        .filter(Column::RoomId.eq(room.uuid()))
        .filter(Column::RefusedAtMs.is_null())
        .exec(conn)
        .await?;
    Ok(refused.rows_affected > 0)
}

/// Takes back what waits in `room` by the word of `inviter`, who has no say there any more.
pub async fn cancel_of(conn: &impl ConnectionTrait, room: RoomId, inviter: UserId) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::RoomId.eq(room.uuid()))
        .filter(Column::InvitedBy.eq(inviter.uuid()))
        .filter(Column::RefusedAtMs.is_null())
        .exec(conn)
        .await?;
    Ok(())
}

/// Forgets all invitations into `room`.
pub async fn delete_of_room(conn: &impl ConnectionTrait, room: RoomId) -> Result<(), Error> {
    Entity::delete_many().filter(Column::RoomId.eq(room.uuid())).exec(conn).await?;
    Ok(())
}

/// Gives all invitations of and by `from` to `to`, who is the same person; those that `to` has already stay as they are.
pub async fn reassign(conn: &impl ConnectionTrait, from: UserId, to: UserId) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::InvitedBy, Expr::value(to.uuid()))
        .filter(Column::InvitedBy.eq(from.uuid()))
        .exec(conn)
        .await?;
    for mut row in Entity::find().filter(Column::UserId.eq(from.uuid())).all(conn).await? {
        row.user_id = to.uuid();
        Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(conn)
            .await?;
    }
    Entity::delete_many().filter(Column::UserId.eq(from.uuid())).exec(conn).await?;
    Ok(())
}

/// Forgets refusals before `refused_before`, and invitations that wait since before `invited_before`; how many.
pub async fn delete_old(
    conn: &impl ConnectionTrait,
    refused_before: Timestamp,
    invited_before: Timestamp,
) -> Result<u64, Error> {
    let old = Condition::any()
        .add(Column::RefusedAtMs.lt(refused_before.millis()))
        .add(Column::InvitedAtMs.lt(invited_before.millis()));
    Ok(Entity::delete_many().filter(old).exec(conn).await?.rows_affected)
}
