//! The rooms that admins chose for plugins. Who changes them grows the plugin's generation in the same transaction.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::RoomId;
use uuid::Uuid;

use crate::Error;
use crate::entity::plugin_room;

/// The rooms of a plugin, by id.
pub async fn of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<Vec<RoomId>, Error> {
    let rooms: Vec<Uuid> = plugin_room::Entity::find()
        .select_only()
        .column(plugin_room::Column::RoomId)
        .filter(plugin_room::Column::PluginId.eq(plugin))
        .order_by_asc(plugin_room::Column::RoomId)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rooms.into_iter().map(RoomId::from_uuid).collect())
}

/// The rooms of all plugins.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<plugin_room::Model>, Error> {
    Ok(plugin_room::Entity::find()
        .order_by_asc(plugin_room::Column::PluginId)
        .order_by_asc(plugin_room::Column::RoomId)
        .all(conn)
        .await?)
}

/// Chooses a room; false when it was chosen.
pub async fn insert(conn: &impl ConnectionTrait, plugin: &str, room: RoomId) -> Result<bool, Error> {
    let row = plugin_room::Model { plugin_id: plugin.to_owned(), room_id: room.uuid() };
    let inserted = plugin_room::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(inserted > 0)
}

/// Chooses a room no more; false when it was not chosen.
pub async fn delete(conn: &impl ConnectionTrait, plugin: &str, room: RoomId) -> Result<bool, Error> {
    let key = (plugin.to_owned(), room.uuid());
    Ok(plugin_room::Entity::delete_by_id(key).exec(conn).await?.rows_affected > 0)
}

/// Chooses no room of a plugin any more.
pub async fn delete_of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<(), Error> {
    plugin_room::Entity::delete_many().filter(plugin_room::Column::PluginId.eq(plugin)).exec(conn).await?;
    Ok(())
}
