//! What was answered to requests that carry an idempotency key.
//!
//! A row is written before the request is acted on, with the status 0, and gets its answer afterwards.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use teahouse_protocol::{Timestamp, UserId};

use crate::Error;
use crate::entity::idempotency_key;

/// The status of a row whose request is still being worked on.
pub const UNANSWERED: i16 = 0;

/// Writes the row; `false` when the user has used this key before. A caller that uses it in another transaction at
/// the same time is waited for.
pub async fn try_insert(conn: &impl ConnectionTrait, row: idempotency_key::Model) -> Result<bool, Error> {
    let key = [idempotency_key::Column::UserId, idempotency_key::Column::Key];
    let inserted = idempotency_key::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(inserted > 0)
}

/// What the user did with this key.
pub async fn find(
    conn: &impl ConnectionTrait,
    user: UserId,
    key: &str,
) -> Result<Option<idempotency_key::Model>, Error> {
    Ok(idempotency_key::Entity::find_by_id((user.uuid(), key.to_owned())).one(conn).await?)
}

/// Takes over an unanswered row that was begun at `begun_at` by one who never came back; `false` when another did.
pub async fn take_over(
    conn: &impl ConnectionTrait,
    user: UserId,
    key: &str,
    begun_at: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let updated = idempotency_key::Entity::update_many()
        .col_expr(idempotency_key::Column::CreatedAtMs, now.millis().into())
        .filter(idempotency_key::Column::UserId.eq(user.uuid()))
        .filter(idempotency_key::Column::Key.eq(key))
        .filter(idempotency_key::Column::Status.eq(UNANSWERED))
        .filter(idempotency_key::Column::CreatedAtMs.eq(begun_at.millis()))
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Notes the answer.
pub async fn answer(
    conn: &impl ConnectionTrait,
    user: UserId,
    key: &str,
    status: i16,
    body: &str,
) -> Result<(), Error> {
    idempotency_key::Entity::update_many()
        .col_expr(idempotency_key::Column::Status, status.into())
        .col_expr(idempotency_key::Column::Body, body.into())
        .filter(idempotency_key::Column::UserId.eq(user.uuid()))
        .filter(idempotency_key::Column::Key.eq(key))
        .exec(conn)
        .await?;
    Ok(())
}

/// Forgets an unanswered row, so that the key can be used again.
pub async fn delete_unanswered(conn: &impl ConnectionTrait, user: UserId, key: &str) -> Result<(), Error> {
    idempotency_key::Entity::delete_many()
        .filter(idempotency_key::Column::UserId.eq(user.uuid()))
        .filter(idempotency_key::Column::Key.eq(key))
        .filter(idempotency_key::Column::Status.eq(UNANSWERED))
        .exec(conn)
        .await?;
    Ok(())
}

/// Forgets what was begun before `time`, and returns how many. Reads the index `(created_at_ms)`.
pub async fn delete_before(conn: &impl ConnectionTrait, time: Timestamp) -> Result<u64, Error> {
    let deleted = idempotency_key::Entity::delete_many()
        .filter(idempotency_key::Column::CreatedAtMs.lt(time.millis()))
        .exec(conn)
        .await?;
    Ok(deleted.rows_affected)
}
