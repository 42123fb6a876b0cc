//! Who asks to come into which room. Of two moderators who answer at once, one does.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::{RoomId, UserId};
use uuid::Uuid;

use crate::entity::join_request;
use crate::{Error, PageSize};

/// Writes a request; false when there was one already, which says now what this one says.
pub async fn put(conn: &impl ConnectionTrait, request: join_request::Model) -> Result<bool, Error> {
    use join_request::Column;
    let inserted = join_request::Entity::insert(request.clone().into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    if inserted > 0 {
        return Ok(true);
    }
    join_request::Entity::update_many()
        .col_expr(Column::Word, request.word.into())
        .col_expr(Column::Code, request.code.into())
        .col_expr(Column::Note, request.note.into())
        .col_expr(Column::PluginId, request.plugin_id.into())
        .filter(Column::RoomId.eq(request.room_id))
        .filter(Column::UserId.eq(request.user_id))
        .exec(conn)
        .await?;
    Ok(false)
}

/// What `user` asks of `room`.
pub async fn find(
    conn: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
) -> Result<Option<join_request::Model>, Error> {
    Ok(join_request::Entity::find_by_id((room.uuid(), user.uuid())).one(conn).await?)
}

/// The requests of `room` after `after`, by user id, at most `size`. Reads the primary key.
pub async fn page(
    conn: &impl ConnectionTrait,
    room: RoomId,
    after: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<join_request::Model>, Error> {
    let mut page = join_request::Entity::find().filter(join_request::Column::RoomId.eq(room.uuid()));
    if let Some(after) = after {
        page = page.filter(join_request::Column::UserId.gt(after));
    }
    Ok(page.order_by_asc(join_request::Column::UserId).limit(size.rows()).all(conn).await?)
}

/// Takes a request away to answer it; false when another did, or there is none.
pub async fn take(conn: &impl ConnectionTrait, room: RoomId, user: UserId) -> Result<bool, Error> {
    let key = (room.uuid(), user.uuid());
    Ok(join_request::Entity::delete_by_id(key).exec(conn).await?.rows_affected > 0)
}
