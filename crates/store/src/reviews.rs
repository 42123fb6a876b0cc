//! What plugins put up for a moderator to look at, without keeping it from anybody.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::{RoomId, Timestamp};
use uuid::Uuid;

use crate::entity::review;
use crate::{Error, PageSize};

/// Which reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewState {
    /// Those that wait for a moderator.
    Open,
    /// Those that one has closed.
    Closed,
}

/// Writes reviews; one that is there by its id stays as it is.
pub async fn insert(conn: &impl ConnectionTrait, rows: Vec<review::Model>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    review::Entity::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// The review `id`.
pub async fn find(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<review::Model>, Error> {
    Ok(review::Entity::find_by_id(id).one(conn).await?)
}

/// The reviews in `state`, of `room` or anywhere, oldest first, after `after`, at most `size`. Reads the indexes
/// `(closed_at_ms, id)` and `(room_id, closed_at_ms, id)`.
pub async fn page(
    conn: &impl ConnectionTrait,
    room: Option<RoomId>,
    state: ReviewState,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<review::Model>, Error> {
    let mut page = review::Entity::find().filter(match state {
        ReviewState::Open => review::Column::ClosedAtMs.is_null(),
        ReviewState::Closed => review::Column::ClosedAtMs.is_not_null(),
    });
    if let Some(room) = room {
        page = page.filter(review::Column::RoomId.eq(room.uuid()));
    }
    if let Some(after) = after {
        page = page.filter(review::Column::Id.gt(after));
    }
    Ok(page.order_by_asc(review::Column::Id).limit(size.rows()).all(conn).await?)
}

/// Closes a review; false when it was closed before, or is not there.
pub async fn close(conn: &impl ConnectionTrait, id: Uuid, by: &str, at: Timestamp) -> Result<bool, Error> {
    let updated = review::Entity::update_many()
        .col_expr(review::Column::ClosedAtMs, Expr::val(Some(at.millis())))
        .col_expr(review::Column::ClosedBy, Expr::val(Some(by.to_owned())))
        .filter(review::Column::Id.eq(id))
        .filter(review::Column::ClosedAtMs.is_null())
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Forgets what was closed before `time`, and returns how many. Reads the index `(closed_at_ms, id)`.
pub async fn delete_closed_before(conn: &impl ConnectionTrait, time: Timestamp) -> Result<u64, Error> {
    let deleted =
        review::Entity::delete_many().filter(review::Column::ClosedAtMs.lt(time.millis())).exec(conn).await?;
    Ok(deleted.rows_affected)
}
