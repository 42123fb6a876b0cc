//! Users: the rows behind everybody's profile.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use teahouse_protocol::{Timestamp, UserId};
use uuid::Uuid;

use crate::Error;
use crate::entity::user;
use crate::statements::{ROWS_A_STATEMENT, set_last_seen};

/// What of a profile changes. `None` leaves as is; the inner `None` takes the picture away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileUpdate {
    /// The new name.
    pub name: Option<String>,
    /// The new picture's address.
    pub avatar: Option<Option<String>>,
}

/// The user of this id.
pub async fn find(conn: &impl ConnectionTrait, user: UserId) -> Result<Option<user::Model>, Error> {
    Ok(user::Entity::find_by_id(user.uuid()).one(conn).await?)
}

/// Those of `users` that exist, in no order.
pub async fn find_many(conn: &impl ConnectionTrait, users: &[UserId]) -> Result<Vec<user::Model>, Error> {
    let ids = users.iter().map(|user| user.uuid());
    Ok(user::Entity::find().filter(user::Column::Id.is_in(ids)).all(conn).await?)
}

/// Writes a new user.
pub async fn insert(conn: &impl ConnectionTrait, user: user::Model) -> Result<(), Error> {
    user::Entity::insert(user.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Changes what `update` names; `false` when there is no such user. Fields that it leaves out keep what another
/// writer may have put there meanwhile.
pub async fn update_profile(
    conn: &impl ConnectionTrait,
    user: UserId,
    update: ProfileUpdate,
) -> Result<bool, Error> {
    let mut row = <user::ActiveModel as sea_orm::ActiveModelTrait>::default();
    if let Some(name) = update.name {
        row.name = Set(name);
    }
    if let Some(avatar) = update.avatar {
        row.avatar = Set(avatar);
    }
    if row.name.is_not_set() && row.avatar.is_not_set() {
        return Ok(find(conn, user).await?.is_some());
    }
    let updated =
        user::Entity::update_many().set(row).filter(user::Column::Id.eq(user.uuid())).exec(conn).await?;
    Ok(updated.rows_affected > 0)
}

/// Says that nobody is behind the user any more, or again; `false` when there is no such user.
pub async fn set_deactivated_at(
    conn: &impl ConnectionTrait,
    user: UserId,
    deactivated_at: Option<Timestamp>,
) -> Result<bool, Error> {
    let updated = user::Entity::update_many()
        .col_expr(user::Column::DeactivatedAtMs, deactivated_at.map(Timestamp::millis).into())
        .filter(user::Column::Id.eq(user.uuid()))
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Notes when each of these users was there, in one statement for many.
pub async fn touch_each(conn: &impl ConnectionTrait, seen: &[(UserId, Timestamp)]) -> Result<(), Error> {
    let rows: Vec<(Uuid, i64)> = seen.iter().map(|(user, at)| (user.uuid(), at.millis())).collect();
    for some in rows.chunks(ROWS_A_STATEMENT) {
        conn.execute_raw(set_last_seen(conn.get_database_backend(), some)).await?;
    }
    Ok(())
}

/// Notes that these users were there at `at`.
pub async fn touch(conn: &impl ConnectionTrait, users: &[UserId], at: Timestamp) -> Result<(), Error> {
    user::Entity::update_many()
        .col_expr(user::Column::LastSeenAtMs, at.millis().into())
        .filter(user::Column::Id.is_in(users.iter().map(|user| user.uuid())))
        .exec(conn)
        .await?;
    Ok(())
}
