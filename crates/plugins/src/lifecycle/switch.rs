//! A plugin begins to work, and stops.

use serde_json::json;
use teahouse_plugin_package::{PluginId, Problems};
use teahouse_store::plugin_grants;
use teahouse_store::plugins::PluginEdit;

use super::trial::Trial;
use super::{By, HEALTHY, Lifecycle, LifecycleError as Error, digest_of, effective_settings, grants};
use crate::policy::Policy;

impl Lifecycle {
    /// Lets a plugin work; false when it does already.
    ///
    /// # Errors
    /// [`LifecycleError::ConsentRequired`](Error::ConsentRequired) when the version in use was not agreed to;
    /// [`LifecycleError::Unsigned`](Error::Unsigned) and [`LifecycleError::UntrustedKey`](Error::UntrustedKey) when its
    /// signature is not good enough any more;
    /// [`LifecycleError::Settings`](Error::Settings) when settings lack or are refused;
    /// [`LifecycleError::Component`](Error::Component), [`LifecycleError::NotInstalled`](Error::NotInstalled),
    /// [`LifecycleError::Changed`](Error::Changed), [`LifecycleError::Trial`](Error::Trial),
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn enable(&self, plugin: &PluginId, by: &By) -> Result<bool, Error> {
        let row = self.require_plugin(plugin).await?;
        if row.enabled {
            return Ok(false);
        }
        let rows = plugin_grants::of_plugin(self.db().conn(), &row.id).await?;
        if !grants::agreed(&rows).digests.contains(&row.digest) {
            let consent = self.consent_of(&row, &digest_of(&row.digest)?).await?;
            return Err(Error::ConsentRequired(Box::new(consent)));
        }
        let package = self.current_package(&row).await?;
        self.require_trusted(&package).await?;
        let settings = effective_settings(package.schema(), &row.settings);
        Problems::check(package.schema().validate(&settings)).map_err(Error::Settings)?;
        let memory_mib = Policy::from_stored(&row.policy).limits.memory_mib(package.manifest());
        self.parts().trials.run(Trial { package: &package, settings: &settings, memory_mib }).await?;
        let edit =
            PluginEdit { enabled: Some(true), state: Some(HEALTHY.to_owned()), ..PluginEdit::default() };
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, edit).await?;
        self.note(&tx, by, "plugin.enabled", &row.id, json!({"digest": row.digest})).await?;
        self.commit(tx).await?;
        Ok(true)
    }

    /// Stops a plugin; false when it does not work anyway. What it was agreed to, its settings and its data stay.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Store`](Error::Store).
    pub async fn disable(&self, plugin: &PluginId, by: &By) -> Result<bool, Error> {
        let tx = self.db().begin().await?;
        // Whatever else changed in between: who stops a plugin need not look again.
        let row = teahouse_store::plugins::lock(&tx, plugin.as_str()).await?;
        let row = row.ok_or_else(|| Error::NotInstalled(plugin.to_string()))?;
        if !row.enabled {
            return Ok(false);
        }
        self.edit(&tx, &row, PluginEdit { enabled: Some(false), ..PluginEdit::default() }).await?;
        self.note(&tx, by, "plugin.disabled", &row.id, json!({})).await?;
        self.commit(tx).await?;
        Ok(true)
    }

    /// Ends a quarantine: the plugin is called again at once.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Changed`](Error::Changed),
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn end_quarantine(&self, plugin: &PluginId, by: &By) -> Result<(), Error> {
        let row = self.require_plugin(plugin).await?;
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, PluginEdit { state: Some(HEALTHY.to_owned()), ..PluginEdit::default() }).await?;
        self.note(&tx, by, "plugin.quarantine_ended", &row.id, json!({})).await?;
        self.commit(tx).await
    }
}
