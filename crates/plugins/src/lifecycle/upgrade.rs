//! One version takes the place of another, under traffic: it is compiled and tried beside the old one, and the swap is
//! one row. Whatever fails leaves the old one running.

use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde_json::json;
use teahouse_plugin_package::{Digest, Package, PluginId, Problems};
use teahouse_store::entity::plugin;
use teahouse_store::plugins::PluginEdit;
use teahouse_store::{plugin_grants, plugin_versions};

use super::trial::Trial;
use super::{
    By, Choices, HEALTHY, Lifecycle, LifecycleError as Error, digest_of, effective_settings, grants,
};
use crate::policy::Policy;

/// Versions of a plugin that stay, so that one can go back.
const KEPT_VERSIONS: usize = 3;

/// A version took the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Upgraded {
    /// The version before.
    pub from: String,
    /// The version now.
    pub to: String,
    /// Its package.
    pub digest: Digest,
}

impl Lifecycle {
    /// Puts the version `digest`, which is installed, in use. What it asks beyond the version in use is agreed to by
    /// `choices`; without them it must ask for nothing new, and come from the same publisher.
    ///
    /// # Errors
    /// [`LifecycleError::ConsentRequired`](Error::ConsentRequired), [`LifecycleError::NotAsked`](Error::NotAsked),
    /// [`LifecycleError::Unsigned`](Error::Unsigned) and [`LifecycleError::UntrustedKey`](Error::UntrustedKey) of one
    /// whose signature is not good enough any more,
    /// [`LifecycleError::Component`](Error::Component), [`LifecycleError::Settings`](Error::Settings),
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::NoSuchVersion`](Error::NoSuchVersion),
    /// [`LifecycleError::Changed`](Error::Changed), [`LifecycleError::Trial`](Error::Trial),
    /// [`LifecycleError::Store`](Error::Store). After each the old version runs on.
    pub async fn upgrade(
        &self,
        plugin: &PluginId,
        digest: &Digest,
        choices: Option<&Choices>,
        by: &By,
    ) -> Result<Upgraded, Error> {
        let row = self.require_plugin(plugin).await?;
        self.require_version(plugin, digest).await?;
        self.swap(&row, digest, choices, "plugin.upgraded", by).await
    }

    /// Puts the version before the one in use back.
    ///
    /// # Errors
    /// [`LifecycleError::NoEarlierVersion`](Error::NoEarlierVersion); as [`Lifecycle::upgrade`].
    pub async fn rollback(&self, plugin: &PluginId, by: &By) -> Result<Upgraded, Error> {
        let row = self.require_plugin(plugin).await?;
        let versions = plugin_versions::of_plugin(self.db().conn(), plugin.as_str()).await?;
        let mut older = versions.iter().skip_while(|version| version.digest != row.digest).skip(1);
        let before = older.next().ok_or(Error::NoEarlierVersion)?;
        self.swap(&row, &digest_of(&before.digest)?, None, "plugin.rolled_back", by).await
    }

    async fn swap(
        &self,
        row: &plugin::Model,
        digest: &Digest,
        choices: Option<&Choices>,
        action: &str,
        by: &By,
    ) -> Result<Upgraded, Error> {
        let (before, package) = (self.current_package(row).await?, self.package(digest).await?);
        let upgraded = Upgraded {
            from: before.manifest().version.to_string(),
            to: package.manifest().version.to_string(),
            digest: *digest,
        };
        match choices {
            Some(choices) => self.require_whole(row, digest, &package, choices).await?,
            None => self.require_consent(row, digest).await?,
        }
        if row.digest == digest.to_string() && choices.is_none() {
            return Ok(upgraded);
        }
        self.require_trusted(&package).await?;
        self.try_version(row, &package).await?;
        let tx = self.db().begin().await?;
        self.put_in_use(&tx, row, (digest, &package), choices, by).await?;
        let detail = json!({"from": before.digest(), "to": digest, "version": upgraded.to});
        self.note(&tx, by, action, &row.id, detail).await?;
        self.commit(tx).await?;
        Ok(upgraded)
    }

    async fn put_in_use(
        &self,
        tx: &DatabaseTransaction,
        row: &plugin::Model,
        (digest, package): (&Digest, &Package),
        choices: Option<&Choices>,
        by: &By,
    ) -> Result<(), Error> {
        let edit = PluginEdit {
            digest: Some(digest.to_string()),
            state: Some(HEALTHY.to_owned()),
            ..PluginEdit::default()
        };
        self.edit(tx, row, edit).await?;
        // While it was tried, so many others may have come that it was forgotten.
        let kept = plugin_versions::of_plugin(tx, &row.id).await?;
        if !kept.iter().any(|version| version.digest == digest.to_string()) {
            return Err(Error::NoSuchVersion(digest.to_string()));
        }
        let swapped = plugin::Model { digest: digest.to_string(), ..row.clone() };
        match choices {
            Some(choices) => self.write_grants(tx, &swapped, package, choices, by).await,
            None if self.was_agreed(row).await? => self.write_agreed(tx, &swapped, digest, by).await,
            None => Ok(()),
        }
    }

    /// A plugin that nobody ever agreed to does not work: its version changes without a word.
    async fn require_consent(&self, row: &plugin::Model, digest: &Digest) -> Result<(), Error> {
        let consent = self.consent_of(row, digest).await?;
        if consent.agreed || !self.was_agreed(row).await? {
            return Ok(());
        }
        Err(Error::ConsentRequired(Box::new(consent)))
    }

    async fn was_agreed(&self, row: &plugin::Model) -> Result<bool, Error> {
        let rows = plugin_grants::of_plugin(self.db().conn(), &row.id).await?;
        Ok(grants::agreed(&rows).digests.contains(&row.digest))
    }

    async fn try_version(&self, row: &plugin::Model, package: &Package) -> Result<(), Error> {
        let settings = effective_settings(package.schema(), &row.settings);
        if row.enabled {
            Problems::check(package.schema().validate(&settings)).map_err(Error::Settings)?;
        }
        let memory_mib = Policy::from_stored(&row.policy).limits.memory_mib(package.manifest());
        Ok(self.parts().trials.run(Trial { package, settings: &settings, memory_mib }).await?)
    }

    /// Forgets all but the newest versions, the one in use, and `added`.
    pub(super) async fn prune(
        &self,
        tx: &DatabaseTransaction,
        plugin: &str,
        added: &str,
    ) -> Result<(), Error> {
        let current = teahouse_store::plugins::find(tx, plugin).await?.map(|row| row.digest);
        let versions = plugin_versions::of_plugin(tx, plugin).await?;
        let old = versions.into_iter().skip(KEPT_VERSIONS).map(|version| version.digest);
        let old: Vec<String> =
            old.filter(|digest| Some(digest) != current.as_ref() && digest != added).collect();
        Ok(plugin_versions::delete(tx, &old).await?)
    }
}
