//! A plugin goes. What it kept may stay, for the same publisher's next package alone.

use serde_json::json;
use teahouse_plugin_package::PluginId;
use teahouse_store::{
    plugin_events, plugin_grants, plugin_kv, plugin_rooms, plugin_timers, plugin_versions, plugins,
};

use super::grants::{self, Granting, Tombstone};
use super::{By, Lifecycle, LifecycleError as Error, digest_of};

/// What becomes of what a plugin kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// It stays, until the plugin is installed again by a package of the same signer, or uninstalled with its data.
    Keep,
    /// It goes.
    Delete,
}

impl Lifecycle {
    /// Uninstalls a plugin: its versions, grants, rooms, settings, secrets and waiting events go; records of its
    /// verdicts stay for their time. Its bot leaves its rooms and is deactivated; what it said stays under its name. Of one
    /// that is gone already, what it kept can still be deleted.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Store`](Error::Store).
    pub async fn uninstall(&self, plugin: &PluginId, data: Data, by: &By) -> Result<(), Error> {
        let id = plugin.as_str();
        let not_installed = || Error::NotInstalled(id.to_owned());
        let tx = self.db().begin().await?;
        let row = plugins::lock(&tx, id).await?;
        let rows = plugin_grants::of_plugin(&tx, id).await?;
        let stone = match &row {
            Some(row) => {
                let versions = plugin_versions::of_plugin(&tx, id).await?;
                let signer = versions.into_iter().find(|version| version.digest == row.digest);
                Tombstone { signer: signer.and_then(|version| version.signer), has_data: data == Data::Keep }
            }
            None => {
                let stone = grants::tombstone(&rows).filter(|stone| stone.has_data);
                let stone = stone.filter(|_| data == Data::Delete).ok_or_else(not_installed)?;
                Tombstone { has_data: false, ..stone }
            }
        };
        let digest =
            row.as_ref().map(|row| row.digest.clone()).or(rows.first().map(|row| row.digest.clone()));
        let digest = digest_of(&digest.unwrap_or_default())?;
        plugin_events::delete_of_plugin(&tx, id).await?;
        plugin_timers::delete_of_plugin(&tx, id).await?;
        plugin_rooms::delete_of_plugin(&tx, id).await?;
        plugin_grants::delete_of_plugin(&tx, id).await?;
        plugin_versions::delete_of_plugin(&tx, id).await?;
        if data == Data::Delete {
            plugin_kv::delete_of_plugin(&tx, id).await?;
        }
        plugins::delete(&tx, id).await?;
        teahouse_accounts::deactivate_bot(&tx, id, self.now()).await?;
        let granting = Granting { plugin: id, digest: &digest, by, at: self.now() };
        granting.put_tombstone(&tx, &stone).await?;
        self.note(&tx, by, "plugin.uninstalled", id, json!({"kept_data": stone.has_data})).await?;
        self.commit(tx).await
    }
}
