//! What was agreed to, as it is kept: a row a capability, and one that says which versions were agreed to whole.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use teahouse_plugin_package::{CapabilityName, Digest, Manifest, Terms};
use teahouse_protocol::Timestamp;
use teahouse_store::entity::plugin_grant;
use teahouse_store::plugin_grants;

use super::{By, LifecycleError as Error};

/// The row that says which versions were agreed to: their hooks, and all that they must have.
const CONSENT: &str = "consent";
/// The row that an uninstalled plugin leaves: whose it was.
const UNINSTALLED: &str = "uninstalled";

/// The versions that were agreed to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Agreed {
    pub(super) digests: BTreeSet<String>,
}

/// What stays of a plugin that was uninstalled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Tombstone {
    /// Who had signed it.
    pub(super) signer: Option<String>,
    /// Whether its data is still here.
    pub(super) has_data: bool,
}

/// What a plugin may reach: what its running version asks for and was granted too. Another version may have been granted
/// other hosts or acts: what this one does not ask for, it has not. `rows` are all of `plugin_grants` for it.
#[must_use]
pub fn effective_grants(manifest: &Manifest, rows: &[plugin_grant::Model]) -> Vec<Terms> {
    let granted = granted_terms(rows);
    let effective = manifest.asks().iter().filter_map(|ask| {
        granted.iter().find(|granted| granted.name() == ask.terms.name())?.meet(&ask.terms)
    });
    effective.collect()
}

/// The capabilities among `rows`, with what was agreed to of each, whichever version asked.
#[must_use]
pub(crate) fn granted_terms(rows: &[plugin_grant::Model]) -> Vec<Terms> {
    rows.iter().filter_map(terms_of).collect()
}

/// What `row` grants; `None` when it is no capability's.
pub(super) fn terms_of(row: &plugin_grant::Model) -> Option<Terms> {
    let terms: Terms = serde_json::from_str(&row.terms).ok()?;
    (terms.name().as_str() == row.capability).then_some(terms)
}

pub(super) fn agreed(rows: &[plugin_grant::Model]) -> Agreed {
    other(rows, CONSENT).unwrap_or_default()
}

pub(super) fn tombstone(rows: &[plugin_grant::Model]) -> Option<Tombstone> {
    other(rows, UNINSTALLED)
}

fn other<T: for<'de> Deserialize<'de>>(rows: &[plugin_grant::Model], name: &str) -> Option<T> {
    let row = rows.iter().find(|row| row.capability == name)?;
    serde_json::from_str(&row.terms).ok()
}

/// Who writes rows: for which plugin, by which version, on whose word, when.
pub(super) struct Granting<'a> {
    pub(super) plugin: &'a str,
    pub(super) digest: &'a Digest,
    pub(super) by: &'a By,
    pub(super) at: Timestamp,
}

impl Granting<'_> {
    pub(super) async fn put(&self, tx: &DatabaseTransaction, terms: &Terms) -> Result<(), Error> {
        self.write(tx, terms.name().as_str(), terms).await
    }

    pub(super) async fn put_agreed(&self, tx: &DatabaseTransaction, agreed: &Agreed) -> Result<(), Error> {
        self.write(tx, CONSENT, agreed).await
    }

    pub(super) async fn put_tombstone(
        &self,
        tx: &DatabaseTransaction,
        stone: &Tombstone,
    ) -> Result<(), Error> {
        self.write(tx, UNINSTALLED, stone).await
    }

    async fn write(
        &self,
        tx: &DatabaseTransaction,
        capability: &str,
        terms: &impl Serialize,
    ) -> Result<(), Error> {
        let row = plugin_grant::Model {
            plugin_id: self.plugin.to_owned(),
            capability: capability.to_owned(),
            terms: serde_json::to_string(terms).unwrap_or_default(),
            digest: self.digest.to_string(),
            granted_by: self.by.to_string(),
            granted_at_ms: self.at.millis(),
        };
        Ok(plugin_grants::put(tx, row).await?)
    }
}

pub(super) async fn delete_tombstone(tx: &DatabaseTransaction, plugin: &str) -> Result<(), Error> {
    plugin_grants::delete(tx, plugin, UNINSTALLED).await?;
    Ok(())
}

pub(super) async fn delete(
    tx: &DatabaseTransaction,
    plugin: &str,
    capability: CapabilityName,
) -> Result<bool, Error> {
    Ok(plugin_grants::delete(tx, plugin, capability.as_str()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(capabilities: &str) -> Manifest {
        let plugin = "[plugin]\nid = \"a.b\"\nname = \"A\"\nversion = \"1.0.0\"\napi = \"1.0\"\n";
        let hooks = "[hooks.bot]\nevents = [\"posted\"]\n";
        Manifest::parse(&format!("{plugin}{hooks}[capabilities]\n{capabilities}")).unwrap()
    }

    fn row(terms: &Terms) -> plugin_grant::Model {
        plugin_grant::Model {
            plugin_id: "a.b".to_owned(),
            capability: terms.name().as_str().to_owned(),
            terms: serde_json::to_string(terms).unwrap(),
            digest: String::new(),
            granted_by: "operator".to_owned(),
            granted_at_ms: 0,
        }
    }

    /// The next version was agreed to already, or this one was put back: it has nothing that only the other asks for.
    #[test]
    fn a_version_has_what_it_asks_for_and_was_granted() {
        let asks =
            manifest("moderation = { acts = [\"flag\", \"release\"] }\nmessages = { per-minute = 20 }");
        let other = manifest(
            "moderation = { acts = [\"release\", \"mute\"] }\nmessages = { per-minute = 5 }\nhistory = {}",
        );
        let rows: Vec<_> = other.asks().iter().map(|ask| row(&ask.terms)).collect();
        let both = manifest("moderation = { acts = [\"release\"] }\nmessages = { per-minute = 5 }");
        let expected: Vec<Terms> = both.asks().iter().map(|ask| ask.terms.clone()).collect();
        assert_eq!(effective_grants(&asks, &rows), expected);
        let others = manifest("moderation = { acts = [\"mute\"] }");
        let rows: Vec<_> = others.asks().iter().map(|ask| row(&ask.terms)).collect();
        assert_eq!(effective_grants(&asks, &rows), []);
    }
}
