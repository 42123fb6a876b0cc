//! Plugins as those who run the house see them.

use serde::Serialize;
use teahouse_plugin_package::{CapabilityName, Digest, PluginId, Rooms, Sentence, Terms};
use teahouse_protocol::{RoomId, Timestamp};
use teahouse_store::entity::{plugin, plugin_grant};
use teahouse_store::plugin_versions::Summary;
use teahouse_store::{plugin_grants, plugin_rooms, plugin_versions, plugins};

use super::install::BUNDLED_SIGNER;
use super::{Lifecycle, LifecycleError as Error, digest_of, grants};
use crate::policy::Policy;

/// Who stands behind a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignerView {
    /// Nobody.
    Unsigned,
    /// It came with the server.
    Bundled,
    /// Someone with a key that is not among the trusted ones.
    Unknown {
        /// The key.
        key: String,
    },
    /// The holder of a trusted key.
    Trusted {
        /// The key.
        key: String,
        /// Whose it is.
        name: String,
    },
}

/// A plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginView {
    /// Its id.
    pub id: PluginId,
    /// What people call it.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// Whether it works.
    pub enabled: bool,
    /// Whether the version in use was agreed to.
    pub agreed: bool,
    /// The version in use.
    pub version: String,
    /// Its package.
    pub digest: Digest,
    /// Its component.
    pub component_digest: Digest,
    /// Who stands behind it.
    pub signer: SignerView,
    /// Grows with every change.
    pub generation: i64,
    /// `filter`, `gate`, `bot`: the hooks that it has.
    pub hooks: Vec<&'static str>,
    /// Where it works, by the admin's decision or the manifest's proposal.
    pub works_in: Rooms,
    /// The rooms that were chosen.
    pub rooms: Vec<RoomId>,
    /// What the admin decided.
    pub policy: Policy,
    /// What is granted.
    pub grants: Vec<GrantView>,
    /// What is asked for and not granted.
    pub not_granted: Vec<CapabilityName>,
    /// The versions that are kept, the newest first.
    pub versions: Vec<VersionView>,
    /// When it was installed.
    pub installed_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A capability that is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrantView {
    /// What is granted.
    pub terms: Terms,
    /// The same as a sentence.
    pub sentence: Sentence,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// To which version it was granted first.
    pub digest: String,
}

/// A version that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionView {
    /// The version.
    pub version: String,
    /// Its package.
    pub digest: Digest,
    /// Who stands behind it.
    pub signer: SignerView,
    /// When it was installed.
    pub installed_at: Timestamp,
    /// By whom.
    pub installed_by: String,
    /// Whether it is in use.
    pub is_current: bool,
}

impl Lifecycle {
    /// Every plugin, by id.
    ///
    /// # Errors
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn list(&self) -> Result<Vec<PluginView>, Error> {
        let mut list = Vec::new();
        for row in plugins::all(self.db().conn()).await? {
            list.push(self.view(row).await?);
        }
        Ok(list)
    }

    /// One plugin.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Store`](Error::Store).
    pub async fn show(&self, plugin: &PluginId) -> Result<PluginView, Error> {
        let row = self.require_plugin(plugin).await?;
        self.view(row).await
    }

    async fn view(&self, row: plugin::Model) -> Result<PluginView, Error> {
        let conn = self.db().conn();
        let package = self.current_package(&row).await?;
        let manifest = package.manifest();
        let granted = plugin_grants::of_plugin(conn, &row.id).await?;
        let versions = plugin_versions::of_plugin(conn, &row.id).await?;
        let signer = versions.iter().find(|version| version.digest == row.digest);
        let signer = self.signer_view(signer.and_then(|version| version.signer.as_deref()));
        let policy = Policy::from_stored(&row.policy);
        let terms = grants::granted_terms(&granted);
        let lacks = |name: &CapabilityName| !terms.iter().any(|terms| terms.name() == *name);
        let hooks = &manifest.hooks;
        let hooks = [
            ("filter", hooks.filter.is_some()),
            ("gate", hooks.gate.is_some()),
            ("bot", hooks.bot.is_some()),
        ];
        Ok(PluginView {
            id: manifest.id.clone(),
            name: manifest.name.clone(),
            description: manifest.description.clone(),
            enabled: row.enabled,
            agreed: grants::agreed(&granted).digests.contains(&row.digest),
            version: manifest.version.to_string(),
            digest: package.digest(),
            component_digest: package.component_digest(),
            signer,
            generation: row.generation,
            hooks: hooks.into_iter().filter(|(_, has)| *has).map(|(hook, _)| hook).collect(),
            works_in: policy.rooms(manifest),
            rooms: plugin_rooms::of_plugin(conn, &row.id).await?,
            policy,
            grants: granted.iter().filter_map(|grant| grant_view(grant, &manifest.name)).collect(),
            not_granted: manifest.asks().iter().map(|ask| ask.terms.name()).filter(lacks).collect(),
            versions: self.version_views(&row, &versions)?,
            installed_at: Timestamp::from_millis(row.installed_at_ms),
            updated_at: Timestamp::from_millis(row.updated_at_ms),
        })
    }

    fn version_views(&self, row: &plugin::Model, versions: &[Summary]) -> Result<Vec<VersionView>, Error> {
        let view = |version: &Summary| {
            Ok(VersionView {
                version: version.version.clone(),
                digest: digest_of(&version.digest)?,
                signer: self.signer_view(version.signer.as_deref()),
                installed_at: Timestamp::from_millis(version.installed_at_ms),
                installed_by: version.installed_by.clone(),
                is_current: version.digest == row.digest,
            })
        };
        versions.iter().map(view).collect()
    }

    /// Who `signer` is, as it is kept, by the keys that are trusted now.
    pub(super) fn signer_view(&self, signer: Option<&str>) -> SignerView {
        let Some(key) = signer else { return SignerView::Unsigned };
        if key == BUNDLED_SIGNER {
            return SignerView::Bundled;
        }
        let known = self.parts().trusted_keys.iter().find(|trusted| trusted.key.to_string() == key);
        match known {
            Some(trusted) => SignerView::Trusted { key: key.to_owned(), name: trusted.name.clone() },
            None => SignerView::Unknown { key: key.to_owned() },
        }
    }
}

fn grant_view(grant: &plugin_grant::Model, plugin: &str) -> Option<GrantView> {
    let terms = grants::terms_of(grant)?;
    Some(GrantView {
        sentence: terms.sentence(plugin),
        terms,
        by: grant.granted_by.clone(),
        at: Timestamp::from_millis(grant.granted_at_ms),
        digest: grant.digest.clone(),
    })
}
