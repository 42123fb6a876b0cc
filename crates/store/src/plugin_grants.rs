//! What admins agreed to. Who changes a grant grows the plugin's generation in the same transaction.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::Error;
use crate::entity::plugin_grant;

/// The grants of a plugin, by capability.
pub async fn of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<Vec<plugin_grant::Model>, Error> {
    Ok(plugin_grant::Entity::find()
        .filter(plugin_grant::Column::PluginId.eq(plugin))
        .order_by_asc(plugin_grant::Column::Capability)
        .all(conn)
        .await?)
}

/// The grants of all plugins.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<plugin_grant::Model>, Error> {
    Ok(plugin_grant::Entity::find()
        .order_by_asc(plugin_grant::Column::PluginId)
        .order_by_asc(plugin_grant::Column::Capability)
        .all(conn)
        .await?)
}

/// Writes a grant, in place of an earlier one of the same capability.
pub async fn put(conn: &impl ConnectionTrait, grant: plugin_grant::Model) -> Result<(), Error> {
    use plugin_grant::Column;
    plugin_grant::Entity::insert(grant.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::PluginId, Column::Capability])
                .update_columns([Column::Terms, Column::Digest, Column::GrantedBy, Column::GrantedAtMs])
                .to_owned(),
        )
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Takes a grant back; false when there was none.
pub async fn delete(conn: &impl ConnectionTrait, plugin: &str, capability: &str) -> Result<bool, Error> {
    let key = (plugin.to_owned(), capability.to_owned());
    Ok(plugin_grant::Entity::delete_by_id(key).exec(conn).await?.rows_affected > 0)
}

/// Takes every grant of a plugin back.
pub async fn delete_of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<(), Error> {
    plugin_grant::Entity::delete_many().filter(plugin_grant::Column::PluginId.eq(plugin)).exec(conn).await?;
    Ok(())
}
