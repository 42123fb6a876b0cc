//! Packages that were installed, whole, each under its digest.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::Error;
use crate::entity::plugin_version;

/// A version without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Summary {
    /// SHA-256 of the package, in hex.
    pub digest: String,
    /// The plugin's id.
    pub plugin_id: String,
    /// As the manifest says.
    pub version: String,
    /// SHA-256 of the component, in hex.
    pub component_digest: String,
    /// Whose signature it bears.
    pub signer: Option<String>,
    /// When it was installed.
    pub installed_at_ms: i64,
    /// By whom.
    pub installed_by: String,
}

/// Keeps a package; false when it is here already.
pub async fn insert(conn: &impl ConnectionTrait, version: plugin_version::Model) -> Result<bool, Error> {
    let inserted = plugin_version::Entity::insert(version.into_active_model())
        .on_conflict(OnConflict::column(plugin_version::Column::Digest).do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(inserted > 0)
}

/// The version with its package.
pub async fn find(conn: &impl ConnectionTrait, digest: &str) -> Result<Option<plugin_version::Model>, Error> {
    Ok(plugin_version::Entity::find_by_id(digest.to_owned()).one(conn).await?)
}

/// The versions of a plugin, the newest installed first. Reads the index `(plugin_id, installed_at_ms)`.
pub async fn of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<Vec<Summary>, Error> {
    Ok(summaries()
        .filter(plugin_version::Column::PluginId.eq(plugin))
        .order_by_desc(plugin_version::Column::InstalledAtMs)
        .order_by_desc(plugin_version::Column::Digest)
        .into_model()
        .all(conn)
        .await?)
}

/// The versions of all plugins, by plugin, the newest installed first.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<Summary>, Error> {
    Ok(summaries()
        .order_by_asc(plugin_version::Column::PluginId)
        .order_by_desc(plugin_version::Column::InstalledAtMs)
        .order_by_desc(plugin_version::Column::Digest)
        .into_model()
        .all(conn)
        .await?)
}

fn summaries() -> sea_orm::Select<plugin_version::Entity> {
    plugin_version::Entity::find().select_only().columns([
        plugin_version::Column::Digest,
        plugin_version::Column::PluginId,
        plugin_version::Column::Version,
        plugin_version::Column::ComponentDigest,
        plugin_version::Column::Signer,
        plugin_version::Column::InstalledAtMs,
        plugin_version::Column::InstalledBy,
    ])
}

/// Forgets versions.
pub async fn delete(conn: &impl ConnectionTrait, digests: &[String]) -> Result<(), Error> {
    if digests.is_empty() {
        return Ok(());
    }
    plugin_version::Entity::delete_many()
        .filter(plugin_version::Column::Digest.is_in(digests))
        .exec(conn)
        .await?;
    Ok(())
}

/// Forgets every version of a plugin.
pub async fn delete_of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<(), Error> {
    plugin_version::Entity::delete_many()
        .filter(plugin_version::Column::PluginId.eq(plugin))
        .exec(conn)
        .await?;
    Ok(())
}
