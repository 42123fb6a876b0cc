//! What an admin is asked to agree to, and what becomes of the answer.

use std::collections::BTreeMap;

use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde_json::json;
use teahouse_plugin_package::{
    Ask, CapabilityName, Digest, HookChange, Manifest, Package, PluginId, Sentence, Terms,
};
use teahouse_store::entity::{plugin, plugin_grant};
use teahouse_store::plugin_grants;
use teahouse_store::plugins::PluginEdit;

use super::grants::{self, Granting};
use super::{By, Lifecycle, LifecycleError as Error, SignerView, digest_of};

/// What a version asks for, as a difference to what was agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// The plugin.
    pub plugin: PluginId,
    /// What people call it.
    pub name: String,
    /// The version that asks.
    pub version: String,
    /// Its package.
    pub digest: Digest,
    /// Who stands behind it.
    pub signer: SignerView,
    /// What its hooks see and do, one sentence each.
    pub hooks: Vec<Sentence>,
    /// Those of them that the version in use does not have, or not so wide.
    pub new_hooks: Vec<HookChange>,
    /// What it asks for, one a capability.
    pub items: Vec<ConsentItem>,
    /// What the version in use asks for and this one does not.
    pub dropped: Vec<Terms>,
    /// Whether this version was agreed to, or needs no agreement beyond that to the version in use.
    pub agreed: bool,
}

/// One capability of a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentItem {
    /// The capability.
    pub capability: CapabilityName,
    /// What is asked, whether it is optional, and why.
    pub ask: Ask,
    /// The same as a sentence.
    pub sentence: Sentence,
    /// How it stands.
    pub standing: Standing,
}

/// How a capability that is asked for stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Nobody was asked before.
    New,
    /// Less was granted, or asked for, than this.
    Grown {
        /// So much.
        before: Terms,
    },
    /// It is granted.
    Granted,
    /// It was asked for before, and is not granted.
    Declined,
}

/// What is agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(BTreeMap<CapabilityName, Option<Terms>>);

impl Choices {
    /// All that `consent` asks for and needs, and nothing optional.
    #[must_use]
    pub fn required(consent: &Consent) -> Self {
        let needed = consent.items.iter().filter(|item| !item.ask.optional);
        Self(needed.map(|item| (item.capability, None)).collect())
    }

    /// All that `consent` asks for.
    #[must_use]
    pub fn all(consent: &Consent) -> Self {
        Self(consent.items.iter().map(|item| (item.capability, None)).collect())
    }

    /// These, as they are asked for.
    pub fn of(capabilities: impl IntoIterator<Item = CapabilityName>) -> Self {
        Self(capabilities.into_iter().map(|capability| (capability, None)).collect())
    }

    /// And this, with less than is asked for.
    #[must_use]
    pub fn with(mut self, terms: Terms) -> Self {
        self.0.insert(terms.name(), Some(terms));
        self
    }

    /// What is granted of what `package` asks.
    pub(super) fn terms(&self, manifest: &Manifest) -> Result<Vec<Terms>, Error> {
        let granted = self.0.iter().map(|(capability, chosen)| {
            let not_asked = || Error::NotAsked { capability: capability.to_string() };
            let asked = &manifest.ask(*capability).ok_or_else(not_asked)?.terms;
            match chosen {
                None => Ok(asked.clone()),
                Some(chosen) if asked.covers(chosen) => Ok(chosen.clone()),
                Some(_) => Err(not_asked()),
            }
        });
        granted.collect()
    }

    fn lacks_any(&self, manifest: &Manifest) -> bool {
        manifest.asks().iter().any(|ask| !ask.optional && !self.0.contains_key(&ask.terms.name()))
    }
}

impl Lifecycle {
    /// What the version `digest`, or the one in use, asks for.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::NoSuchVersion`](Error::NoSuchVersion),
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn consent(&self, plugin: &PluginId, digest: Option<&Digest>) -> Result<Consent, Error> {
        let row = self.require_plugin(plugin).await?;
        let digest = match digest {
            Some(digest) => *digest,
            None => digest_of(&row.digest)?,
        };
        self.consent_of(&row, &digest).await
    }

    /// What `row` would ask for with the version `digest`.
    pub(super) async fn consent_of(&self, row: &plugin::Model, digest: &Digest) -> Result<Consent, Error> {
        let current = digest_of(&row.digest)?;
        let rows = plugin_grants::of_plugin(self.db().conn(), &row.id).await?;
        let package = self.package(digest).await?;
        let before = self.package(&current).await?;
        let signer = self.require_version(&package.manifest().id, digest).await?.signer;
        let known = self.require_version(&package.manifest().id, &current).await?.signer;
        let was_agreed = grants::agreed(&rows).digests.contains(&current.to_string());
        let basis = was_agreed.then(|| before.manifest());
        let mut consent = compare(&package, basis, &rows);
        consent.signer = self.signer_view(signer.as_deref());
        // What asks for nothing beyond what was agreed to, and comes from the same hands, needs no word of its own.
        let same = basis.is_some_and(|before| package.manifest().difference(before).asks_nothing_new());
        consent.agreed |= same && signer == known;
        Ok(consent)
    }

    /// Agrees to the version `digest` by `choices`. What is ticked is granted; of the version in use, what is not ticked
    /// is taken back.
    ///
    /// # Errors
    /// [`LifecycleError::ConsentRequired`](Error::ConsentRequired) when something that the plugin can't do without is
    /// not among the choices; [`LifecycleError::NotAsked`](Error::NotAsked) when more is than it asks for;
    /// [`LifecycleError::Changed`](Error::Changed); as [`Lifecycle::consent`] besides.
    pub async fn grant(
        &self,
        plugin: &PluginId,
        digest: &Digest,
        choices: &Choices,
        by: &By,
    ) -> Result<(), Error> {
        let row = self.require_plugin(plugin).await?;
        self.require_version(plugin, digest).await?;
        let package = self.package(digest).await?;
        self.require_whole(&row, digest, &package, choices).await?;
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, PluginEdit::default()).await?;
        self.write_grants(&tx, &row, &package, choices, by).await?;
        self.commit(tx).await
    }

    pub(super) async fn require_whole(
        &self,
        row: &plugin::Model,
        digest: &Digest,
        package: &Package,
        choices: &Choices,
    ) -> Result<(), Error> {
        choices.terms(package.manifest())?;
        if choices.lacks_any(package.manifest()) {
            return Err(Error::ConsentRequired(Box::new(self.consent_of(row, digest).await?)));
        }
        Ok(())
    }

    pub(super) async fn write_grants(
        &self,
        tx: &DatabaseTransaction,
        row: &plugin::Model,
        package: &Package,
        choices: &Choices,
        by: &By,
    ) -> Result<(), Error> {
        let terms = choices.terms(package.manifest())?;
        let digest = package.digest();
        let granting = Granting { plugin: &row.id, digest: &digest, by, at: self.now() };
        for terms in &terms {
            granting.put(tx, terms).await?;
        }
        if digest.to_string() == row.digest {
            for ask in package.manifest().asks() {
                if !terms.iter().any(|granted| granted.name() == ask.terms.name()) {
                    grants::delete(tx, &row.id, ask.terms.name()).await?;
                }
            }
        }
        self.write_agreed(tx, row, &digest, by).await?;
        let detail =
            json!({"digest": digest, "version": package.manifest().version.to_string(), "terms": terms});
        self.note(tx, by, "plugin.granted", &row.id, detail).await
    }

    /// Notes that a version was agreed to; forgets those that are not kept any more.
    pub(super) async fn write_agreed(
        &self,
        tx: &DatabaseTransaction,
        row: &plugin::Model,
        digest: &Digest,
        by: &By,
    ) -> Result<(), Error> {
        let rows = plugin_grants::of_plugin(tx, &row.id).await?;
        let kept = teahouse_store::plugin_versions::of_plugin(tx, &row.id).await?;
        let mut agreed = grants::agreed(&rows);
        agreed.digests.retain(|digest| kept.iter().any(|version| version.digest == *digest));
        agreed.digests.insert(digest.to_string());
        let granting = Granting { plugin: &row.id, digest, by, at: self.now() };
        granting.put_agreed(tx, &agreed).await
    }

    /// Takes a capability back; false when it was not granted. What runs meets the refusal at its next call.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Changed`](Error::Changed),
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn revoke(
        &self,
        plugin: &PluginId,
        capability: CapabilityName,
        by: &By,
    ) -> Result<bool, Error> {
        let row = self.require_plugin(plugin).await?;
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, PluginEdit::default()).await?;
        if !grants::delete(&tx, &row.id, capability).await? {
            return Ok(false);
        }
        self.note(&tx, by, "plugin.revoked", &row.id, json!({"capability": capability})).await?;
        self.commit(tx).await?;
        Ok(true)
    }
}

/// The consent of `package`: `before` is the manifest that was agreed to, `rows` what is granted.
fn compare(package: &Package, before: Option<&Manifest>, rows: &[plugin_grant::Model]) -> Consent {
    let now = package.manifest();
    let granted = grants::granted_terms(rows);
    let item = |ask: &Ask| ConsentItem {
        capability: ask.terms.name(),
        ask: ask.clone(),
        sentence: ask.sentence(&now.name),
        standing: standing(ask, before, &granted),
    };
    let difference = before.map(|before| now.difference(before));
    Consent {
        plugin: now.id.clone(),
        name: now.name.clone(),
        version: now.version.to_string(),
        digest: package.digest(),
        signer: SignerView::Unsigned,
        hooks: now.hook_sentences(),
        new_hooks: difference.as_ref().map(|difference| difference.hooks.clone()).unwrap_or_default(),
        items: now.asks().iter().map(item).collect(),
        dropped: difference.map(|difference| difference.dropped).unwrap_or_default(),
        agreed: grants::agreed(rows).digests.contains(&package.digest().to_string()),
    }
}

fn standing(ask: &Ask, before: Option<&Manifest>, granted: &[Terms]) -> Standing {
    let name = ask.terms.name();
    let granted = granted.iter().find(|granted| granted.name() == name);
    let asked = before.and_then(|before| before.ask(name)).map(|ask| &ask.terms);
    match (granted, asked) {
        (Some(granted), _) if granted.covers(&ask.terms) => Standing::Granted,
        // The admin gave less than was asked, and no more is asked now.
        (Some(_), Some(asked)) if asked.covers(&ask.terms) => Standing::Granted,
        (Some(granted), _) => Standing::Grown { before: granted.clone() },
        (None, Some(asked)) if asked.covers(&ask.terms) => Standing::Declined,
        (None, Some(asked)) => Standing::Grown { before: asked.clone() },
        (None, None) => Standing::New,
    }
}
