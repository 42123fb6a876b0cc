//! What is installed, and every change to it: each is one transaction with its line in the audit log, and grows the
//! plugin's generation, by which every node sees it. Nothing here runs plugins on messages, and nothing needs a server:
//! a command beside a running one changes the same rows.

mod bundled;
mod consent;
mod error;
mod grants;
mod install;
mod policy;
mod secrets;
mod settings;
mod switch;
mod trial;
mod uninstall;
mod upgrade;
mod view;

use std::fmt;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::Value;
use teahouse_plugin_package::{Digest, Package, PluginId, TrustedKey};
use teahouse_protocol::{Clock, Timestamp};
use teahouse_store::audit::{self, Act};
use teahouse_store::entity::plugin;
use teahouse_store::plugins::{self, PluginEdit};
use teahouse_store::{Db, plugin_versions};
use tokio::sync::watch;

pub use bundled::{BundledPlugin, bundled_plugins};
pub use consent::{Choices, Consent, ConsentItem, Standing};
pub use error::LifecycleError;
pub use grants::effective_grants;
pub(crate) use grants::granted_terms;
pub use install::Installed;
pub use secrets::{Secrets, SecretsKey};
pub use settings::{SecretChanges, SettingsView, effective_settings};
pub use teahouse_accounts::By;
pub use trial::{HostTrials, Trial, TrialError, Trials};
pub use uninstall::Data;
pub use upgrade::Upgraded;
pub use view::{GrantView, PluginView, SignerView, VersionView};

use LifecycleError as Error;

/// Memory for packages that were read and may be asked for again: their components above all.
const CACHED_PACKAGE_BYTES: u64 = 32 * 1024 * 1024;
/// What stands in `plugins.state` while nothing is wrong.
const HEALTHY: &str = "{}";

/// What [`Lifecycle`] is made of.
pub struct LifecycleParts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where a version is tried before it is used.
    pub trials: Arc<dyn Trials>,
    /// Under which secrets are kept.
    pub secrets: SecretsKey,
    /// Whether only packages signed by a trusted key are installed.
    pub require_signature: bool,
    /// The keys that are trusted.
    pub trusted_keys: Vec<TrustedKey>,
}

/// Installing plugins, agreeing to them, and setting them up. Clones are the same.
#[derive(Clone)]
pub struct Lifecycle(Arc<Inner>);

struct Inner {
    parts: LifecycleParts,
    packages: moka::sync::Cache<String, Arc<Package>>,
    changes: watch::Sender<u64>,
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Lifecycle").finish_non_exhaustive()
    }
}

impl Lifecycle {
    /// Begins.
    #[must_use]
    pub fn new(parts: LifecycleParts) -> Self {
        let weight = |_: &String, package: &Arc<Package>| {
            let bytes: usize = package.files().map(|(_, size)| size).sum();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let packages =
            moka::sync::Cache::builder().max_capacity(CACHED_PACKAGE_BYTES).weigher(weight).build();
        Self(Arc::new(Inner { parts, packages, changes: watch::Sender::new(0) }))
    }

    /// Counts the changes made here, so that this node need not wait for its next look at the database.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// The package of a version that is kept.
    ///
    /// # Errors
    /// [`LifecycleError::NoSuchVersion`]; [`LifecycleError::Store`].
    pub async fn package(&self, digest: &Digest) -> Result<Arc<Package>, Error> {
        let digest = digest.to_string();
        if let Some(package) = self.0.packages.get(&digest) {
            return Ok(package);
        }
        let row = plugin_versions::find(self.db().conn(), &digest).await?;
        let row = row.ok_or_else(|| Error::NoSuchVersion(digest.clone()))?;
        let package = Arc::new(read_package(row.package).await?);
        self.0.packages.insert(digest, Arc::clone(&package));
        Ok(package)
    }

    fn db(&self) -> &Db {
        &self.0.parts.db
    }

    fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    fn parts(&self) -> &LifecycleParts {
        &self.0.parts
    }

    async fn require_plugin(&self, id: &PluginId) -> Result<plugin::Model, Error> {
        let row = plugins::find(self.db().conn(), id.as_str()).await?;
        row.ok_or_else(|| Error::NotInstalled(id.to_string()))
    }

    /// The version of `id` that `digest` names.
    async fn require_version(
        &self,
        id: &PluginId,
        digest: &Digest,
    ) -> Result<plugin_versions::Summary, Error> {
        let versions = plugin_versions::of_plugin(self.db().conn(), id.as_str()).await?;
        let digest = digest.to_string();
        versions.into_iter().find(|version| version.digest == digest).ok_or(Error::NoSuchVersion(digest))
    }

    /// The package that `row` uses now.
    async fn current_package(&self, row: &plugin::Model) -> Result<Arc<Package>, Error> {
        self.package(&digest_of(&row.digest)?).await
    }

    /// Changes a plugin as it was read; who was faster wins.
    async fn edit(
        &self,
        tx: &DatabaseTransaction,
        seen: &plugin::Model,
        edit: PluginEdit,
    ) -> Result<(), Error> {
        let edited = plugins::update(tx, &seen.id, Some(seen.generation), edit, self.now()).await?;
        if edited { Ok(()) } else { Err(Error::Changed) }
    }

    async fn note(
        &self,
        tx: &impl ConnectionTrait,
        by: &By,
        action: &str,
        plugin: &str,
        mut detail: Value,
    ) -> Result<(), Error> {
        if let Value::Object(detail) = &mut detail {
            detail.insert("by".to_owned(), by.to_string().into());
        }
        let act =
            Act { actor: by.user(), action, target_kind: "plugin", target_id: plugin.to_owned(), detail };
        Ok(audit::append(tx, self.now(), act).await?)
    }

    /// Commits, and wakes who waits for changes.
    async fn commit(&self, tx: DatabaseTransaction) -> Result<(), Error> {
        tx.commit().await?;
        self.0.changes.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// Reads a package where it holds nobody up: taking one apart costs CPU.
async fn read_package(bytes: Vec<u8>) -> Result<Package, Error> {
    let read = tokio::task::spawn_blocking(move || Package::read(&bytes)).await;
    Ok(read.map_err(|error| Error::Trial(error.to_string()))??)
}

/// What a column that holds a digest says.
fn digest_of(text: &str) -> Result<Digest, Error> {
    text.parse().map_err(|_| Error::NoSuchVersion(text.to_owned()))
}
