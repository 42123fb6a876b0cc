//! What of each plugin runs on which node, as the nodes say.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use teahouse_protocol::{NodeId, Timestamp};

use crate::Error;
use crate::entity::plugin_node;

/// Writes what a node says, in the place of what it said before.
pub async fn report(conn: &impl ConnectionTrait, rows: Vec<plugin_node::Model>) -> Result<(), Error> {
    use plugin_node::Column;
    if rows.is_empty() {
        return Ok(());
    }
    let replaces = OnConflict::columns([Column::PluginId, Column::NodeId])
        .update_columns([
            Column::Generation,
            Column::Version,
            Column::State,
            Column::Problem,
            Column::SeenAtMs,
        ])
        .to_owned();
    plugin_node::Entity::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
        .on_conflict(replaces)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// What the nodes say of `plugin` that said so since `since`, in the order of their starts.
pub async fn of_plugin(
    conn: &impl ConnectionTrait,
    plugin: &str,
    since: Timestamp,
) -> Result<Vec<plugin_node::Model>, Error> {
    Ok(plugin_node::Entity::find()
        .filter(plugin_node::Column::PluginId.eq(plugin))
        .filter(plugin_node::Column::SeenAtMs.gte(since.millis()))
        .order_by_asc(plugin_node::Column::NodeId)
        .all(conn)
        .await?)
}

/// Takes back what `node` said of `plugin`: it knows no such plugin any more.
pub async fn delete(conn: &impl ConnectionTrait, plugin: &str, node: NodeId) -> Result<(), Error> {
    plugin_node::Entity::delete_by_id((plugin.to_owned(), node.uuid())).exec(conn).await?;
    Ok(())
}

/// Forgets what was said before `time`, by nodes that were not seen to end.
pub async fn delete_before(conn: &impl ConnectionTrait, time: Timestamp) -> Result<u64, Error> {
    let old = plugin_node::Entity::delete_many().filter(plugin_node::Column::SeenAtMs.lt(time.millis()));
    Ok(old.exec(conn).await?.rows_affected)
}
