//! A package comes in: read, judged, compiled and tried. Nothing of it runs on messages yet.

use serde::Serialize;
use serde_json::json;
use teahouse_accounts::Publisher;
use teahouse_plugin_package::{Digest, Package, PluginId, Signer};
use teahouse_store::entity::{plugin, plugin_version};
use teahouse_store::{plugin_grants, plugin_versions, plugins};

use super::grants;
use super::trial::Trial;
use super::{
    By, Consent, HEALTHY, Lifecycle, LifecycleError as Error, SignerView, TrialError, effective_settings,
    read_package,
};
use crate::policy::Policy;

/// Who signs what comes with the server, as it is kept. No key has such a text.
pub(super) const BUNDLED_SIGNER: &str = "bundled";

/// A version that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// The plugin.
    pub plugin: PluginId,
    /// What people call it.
    pub name: String,
    /// The version.
    pub version: String,
    /// Its package.
    pub digest: Digest,
    /// Its component.
    pub component_digest: Digest,
    /// Who stands behind it.
    pub signer: SignerView,
    /// Whether the plugin was not known before.
    pub is_first: bool,
    /// Whether this very package was here before: then nothing was done.
    pub is_known: bool,
    /// Whether it is the version in use now.
    pub is_current: bool,
    /// Whether settings must be entered before it can be enabled.
    pub needs_settings: bool,
    /// What it asks for.
    pub consent: Consent,
}

/// Where a package comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// From outside.
    Package,
    /// It is part of this program.
    Bundled,
}

/// A package that was judged.
struct Candidate {
    package: Package,
    bytes: Vec<u8>,
    signer: Option<String>,
    needs_settings: bool,
}

impl Lifecycle {
    /// Installs a package: the first of its plugin becomes the version in use, and waits to be agreed to and enabled; a
    /// later one waits to be upgraded to, unless the admin chose that versions which ask for nothing new take over by
    /// themselves.
    ///
    /// # Errors
    /// [`LifecycleError::Package`](Error::Package), [`LifecycleError::Unsigned`](Error::Unsigned),
    /// [`LifecycleError::UntrustedKey`](Error::UntrustedKey), [`LifecycleError::KeyChanged`](Error::KeyChanged),
    /// [`LifecycleError::Component`](Error::Component), [`LifecycleError::Settings`](Error::Settings) when it refuses
    /// its own defaults, [`LifecycleError::Changed`](Error::Changed), [`LifecycleError::Trial`](Error::Trial),
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn install(&self, bytes: Vec<u8>, by: &By) -> Result<Installed, Error> {
        let installed = self.install_from(bytes, Origin::Package, by).await?;
        let row = self.require_plugin(&installed.plugin).await?;
        let wanted =
            Policy::from_stored(&row.policy).automatic_upgrade && self.is_newer(&row, &installed).await?;
        if installed.is_current || installed.is_known || !wanted || !installed.consent.agreed {
            return Ok(installed);
        }
        self.upgrade(&installed.plugin, &installed.digest, None, by).await?;
        Ok(Installed { is_current: true, ..installed })
    }

    pub(super) async fn install_from(
        &self,
        bytes: Vec<u8>,
        origin: Origin,
        by: &By,
    ) -> Result<Installed, Error> {
        let package = read_package(bytes.clone()).await?;
        let signer = self.judge(&package, origin).await?;
        let id = package.manifest().id.clone();
        let row = plugins::find(self.db().conn(), id.as_str()).await?;
        let known = plugin_versions::of_plugin(self.db().conn(), id.as_str()).await?;
        let digest = package.digest().to_string();
        if row.is_some() && known.iter().any(|version| version.digest == digest) {
            return self.installed(&package, false, true, false).await;
        }
        let needs_settings = self.try_defaults(&package, row.as_ref()).await?;
        let candidate = Candidate { package, bytes, signer, needs_settings };
        self.write_version(&candidate, row.is_none(), by).await?;
        self.installed(&candidate.package, row.is_none(), false, candidate.needs_settings).await
    }

    /// Who signed, once that is good enough.
    async fn judge(&self, package: &Package, origin: Origin) -> Result<Option<String>, Error> {
        let signer = match origin {
            Origin::Bundled => Some(BUNDLED_SIGNER.to_owned()),
            Origin::Package => {
                self.require_signed(package)?;
                package.signer(&self.parts().trusted_keys).key().map(ToString::to_string)
            }
        };
        let plugin = package.manifest().id.as_str();
        let Some(known) = self.known_signer(plugin).await? else { return Ok(signer) };
        let newly_trusted = known.is_none() && package.signer(&self.parts().trusted_keys).is_trusted();
        if known == signer || newly_trusted {
            return Ok(signer);
        }
        let shown = |signer: Option<String>| signer.unwrap_or_else(|| "nobody".to_owned());
        Err(Error::KeyChanged { plugin: plugin.to_owned(), known: shown(known), offered: shown(signer) })
    }

    /// That a package bears the signature that this server asks for.
    fn require_signed(&self, package: &Package) -> Result<(), Error> {
        if !self.parts().require_signature {
            return Ok(());
        }
        match package.signer(&self.parts().trusted_keys) {
            Signer::Unsigned => Err(Error::Unsigned),
            Signer::Unknown(key) => Err(Error::UntrustedKey(key.to_string())),
            Signer::Trusted(_) => Ok(()),
        }
    }

    /// That a version which is here may still begin to work: a key may have lost its trust since it came in.
    pub(super) async fn require_trusted(&self, package: &Package) -> Result<(), Error> {
        let version = self.require_version(&package.manifest().id, &package.digest()).await?;
        if version.signer.as_deref() == Some(BUNDLED_SIGNER) { Ok(()) } else { self.require_signed(package) }
    }

    /// Who signed what is known of `plugin`; the outer `None`: nothing is.
    async fn known_signer(&self, plugin: &str) -> Result<Option<Option<String>>, Error> {
        let conn = self.db().conn();
        let Some(row) = plugins::find(conn, plugin).await? else {
            let stone = grants::tombstone(&plugin_grants::of_plugin(conn, plugin).await?);
            return Ok(stone.filter(|stone| stone.has_data).map(|stone| stone.signer));
        };
        let versions = plugin_versions::of_plugin(conn, plugin).await?;
        Ok(versions.into_iter().find(|version| version.digest == row.digest).map(|version| version.signer))
    }

    /// Tries a package: with its defaults, or, of a plugin that is installed, with what it is set to. Whether settings
    /// must be entered first.
    async fn try_defaults(&self, package: &Package, row: Option<&plugin::Model>) -> Result<bool, Error> {
        let schema = package.schema();
        let stored = row.map_or(HEALTHY, |row| &row.settings);
        let settings = effective_settings(schema, stored);
        let incomplete = !schema.validate(&settings).is_empty();
        let policy = row.map(|row| Policy::from_stored(&row.policy)).unwrap_or_default();
        let memory_mib = policy.limits.memory_mib(package.manifest());
        match self.parts().trials.run(Trial { package, settings: &settings, memory_mib }).await {
            Ok(()) => Ok(incomplete),
            // It can't like what it was not given yet; what it says of that is asked when settings are saved.
            Err(TrialError::Settings(_)) if incomplete => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    async fn write_version(&self, candidate: &Candidate, is_first: bool, by: &By) -> Result<(), Error> {
        let (package, now) = (&candidate.package, self.now().millis());
        let (id, digest) = (package.manifest().id.to_string(), package.digest().to_string());
        let tx = self.db().begin().await?;
        if is_first {
            let stone = grants::tombstone(&plugin_grants::of_plugin(&tx, &id).await?);
            let publisher = match stone {
                // Not for a stranger to speak as somebody whom people know.
                Some(stone) if stone.signer != candidate.signer => Publisher::Another,
                _ => Publisher::Same,
            };
            teahouse_accounts::reactivate_bot(&tx, &id, publisher).await?;
            grants::delete_tombstone(&tx, &id).await?;
            let inserted = plugins::insert(&tx, new_plugin(&id, &digest, now)).await;
            inserted.map_err(|error| match error {
                teahouse_store::Error::Conflict(_) => Error::Changed,
                error => error.into(),
            })?;
        } else {
            plugins::lock(&tx, &id).await?.ok_or(Error::Changed)?;
        }
        let version = plugin_version::Model {
            digest: digest.clone(),
            plugin_id: id.clone(),
            version: package.manifest().version.to_string(),
            component_digest: package.component_digest().to_string(),
            signer: candidate.signer.clone(),
            package: candidate.bytes.clone(),
            installed_at_ms: now,
            installed_by: by.to_string(),
        };
        let detail = json!({"digest": digest, "version": version.version, "signer": version.signer});
        plugin_versions::insert(&tx, version).await?;
        self.prune(&tx, &id, &digest).await?;
        self.note(&tx, by, "plugin.installed", &id, detail).await?;
        self.commit(tx).await
    }

    async fn installed(
        &self,
        package: &Package,
        is_first: bool,
        is_known: bool,
        needs_settings: bool,
    ) -> Result<Installed, Error> {
        let manifest = package.manifest();
        let row = self.require_plugin(&manifest.id).await?;
        let consent = self.consent_of(&row, &package.digest()).await?;
        Ok(Installed {
            plugin: manifest.id.clone(),
            name: manifest.name.clone(),
            version: manifest.version.to_string(),
            digest: package.digest(),
            component_digest: package.component_digest(),
            signer: consent.signer.clone(),
            is_first,
            is_known,
            is_current: row.digest == package.digest().to_string(),
            needs_settings,
            consent,
        })
    }

    async fn is_newer(&self, row: &plugin::Model, installed: &Installed) -> Result<bool, Error> {
        let current = self.current_package(row).await?;
        let offered = self.package(&installed.digest).await?;
        Ok(offered.manifest().version > current.manifest().version)
    }
}

fn new_plugin(id: &str, digest: &str, now_ms: i64) -> plugin::Model {
    plugin::Model {
        id: id.to_owned(),
        enabled: false,
        digest: digest.to_owned(),
        // Not 1: one that is thrown out and installed again between two looks of a node must look changed to it.
        generation: now_ms,
        bot_user_id: None,
        settings: "{}".to_owned(),
        secrets_sealed: None,
        policy: Policy::default().to_stored(),
        state: HEALTHY.to_owned(),
        installed_at_ms: now_ms,
        updated_at_ms: now_ms,
        dispatch_node: None,
        dispatch_until_ms: None,
    }
}
