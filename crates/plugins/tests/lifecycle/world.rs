//! What a test plays in: a database of its own, packages made on the spot, and trials that go as the package says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{EntityTrait, QueryOrder};
use teahouse_plugin_package::{Digest, Package, PluginId, Problem, Problems, SecretKey, TrustedKey};
use teahouse_plugins::lifecycle::{
    By, Choices, Installed, Lifecycle, LifecycleParts, SecretsKey, Trial, TrialError, Trials,
};
use teahouse_protocol::{ManualClock, Timestamp};
use teahouse_store::entity::{audit, plugin};
use teahouse_store::{DatabaseConfig, Db, plugins};
pub(crate) use teahouse_testkit::on_both;
use teahouse_testkit::{Fixture, TestDatabase};
use zeroize::Zeroizing;

pub(crate) const GUARD: &str = "org.example.guard";

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) clock: Arc<ManualClock>,
    config: DatabaseConfig,
}

/// What a server asks of packages.
#[derive(Clone, Default)]
pub(crate) struct House {
    pub(crate) require_signature: bool,
    pub(crate) trusted_keys: Vec<TrustedKey>,
}

impl Fixture for World {
    async fn new(database: &TestDatabase) -> Self {
        let db = database.migrated().await;
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_800_000_000_000)));
        let lifecycle = lifecycle(&db, &clock, House::default(), Arc::new(Script));
        Self { db, lifecycle, clock, config: database.config().clone() }
    }
}

impl World {
    /// The same database under other rules.
    pub(crate) fn under(&self, house: House) -> Lifecycle {
        lifecycle(&self.db, &self.clock, house, Arc::new(Script))
    }

    /// The same database with other trials.
    pub(crate) fn trying(&self, trials: Arc<dyn Trials>) -> Lifecycle {
        lifecycle(&self.db, &self.clock, House::default(), trials)
    }

    /// The same database as another process holds it.
    pub(crate) async fn another_process(&self) -> Lifecycle {
        let db = Db::connect(&self.config).await.unwrap();
        lifecycle(&db, &self.clock, House::default(), Arc::new(Script))
    }

    /// Installs, a moment after whatever came before.
    pub(crate) async fn install(&self, package: Vec<u8>) -> Installed {
        self.clock.advance(Duration::from_secs(1));
        self.lifecycle.install(package, &By::operator()).await.unwrap()
    }

    /// Installs, agrees to everything, and enables.
    pub(crate) async fn run(&self, package: Vec<u8>) -> Installed {
        let installed = self.install(package).await;
        let choices = Choices::all(&installed.consent);
        let by = By::operator();
        self.lifecycle.grant(&installed.plugin, &installed.digest, &choices, &by).await.unwrap();
        assert!(self.lifecycle.enable(&installed.plugin, &by).await.unwrap());
        installed
    }

    pub(crate) async fn row(&self) -> plugin::Model {
        plugins::find(self.db.conn(), GUARD).await.unwrap().unwrap()
    }

    /// The acts in the audit log, oldest first, with what each says.
    pub(crate) async fn acts(&self) -> Vec<(String, serde_json::Value)> {
        let rows = audit::Entity::find().order_by_asc(audit::Column::Id).all(self.db.conn()).await.unwrap();
        rows.into_iter().map(|row| (row.action, serde_json::from_str(&row.detail).unwrap())).collect()
    }

    pub(crate) async fn act_names(&self) -> Vec<String> {
        self.acts().await.into_iter().map(|(action, _)| action).collect()
    }
}

pub(crate) fn lifecycle(
    db: &Db,
    clock: &Arc<ManualClock>,
    house: House,
    trials: Arc<dyn Trials>,
) -> Lifecycle {
    Lifecycle::new(LifecycleParts {
        db: db.clone(),
        clock: Arc::clone(clock) as Arc<_>,
        trials,
        secrets: secrets_key(),
        require_signature: house.require_signature,
        trusted_keys: house.trusted_keys,
    })
}

pub(crate) fn secrets_key() -> SecretsKey {
    SecretsKey::new(Zeroizing::new([7; 32]))
}

pub(crate) fn guard() -> PluginId {
    PluginId::parse(GUARD).unwrap()
}

/// A package to be.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) version: &'static str,
    /// More of the manifest.
    pub(crate) manifest: &'static str,
    pub(crate) schema: Option<&'static str>,
    pub(crate) component: &'static str,
}

impl Default for Draft {
    fn default() -> Self {
        Self { version: "1.0.0", manifest: "[hooks.filter]", schema: None, component: "a component" }
    }
}

impl Draft {
    pub(crate) fn pack(&self) -> Vec<u8> {
        version_of(self.version, self.manifest, self.schema, self.component.as_bytes())
    }
}

/// A version of the guard with this component.
pub(crate) fn version_of(version: &str, manifest: &str, schema: Option<&str>, component: &[u8]) -> Vec<u8> {
    let mut text = format!(
        "[plugin]\nid = \"{GUARD}\"\nname = \"Guard\"\nversion = \"{version}\"\napi = \"1.0\"\n{manifest}\n"
    );
    let mut files = BTreeMap::from([("plugin.wasm".to_owned(), component.to_vec())]);
    if let Some(schema) = schema {
        text.push_str("[config]\nschema = \"config.schema.json\"\nsecrets = [\"api-key\"]\n");
        files.insert("config.schema.json".to_owned(), schema.as_bytes().to_vec());
    }
    files.insert("plugin.toml".to_owned(), text.into_bytes());
    Package::pack_files(files).unwrap()
}

/// A version of the guard that asks for `manifest`.
pub(crate) fn version(version: &'static str, manifest: &'static str) -> Vec<u8> {
    Draft { version, manifest, ..Draft::default() }.pack()
}

pub(crate) fn signed(package: &[u8], key: &SecretKey) -> Vec<u8> {
    Package::sign(package, key).unwrap()
}

pub(crate) fn trusting(key: &SecretKey, name: &str) -> TrustedKey {
    TrustedKey { key: key.public(), name: name.to_owned() }
}

pub(crate) fn digest(package: &[u8]) -> Digest {
    Digest::of(package)
}

/// Trials that go as the component's bytes and the settings say.
struct Script;

#[async_trait]
impl Trials for Script {
    async fn run(&self, trial: Trial<'_>) -> Result<(), TrialError> {
        if trial.package.component() == b"broken" {
            return Err(TrialError::Component("this is not a valid component".to_owned()));
        }
        match trial.settings.get("word").and_then(serde_json::Value::as_str) {
            Some("forbidden") => Err(TrialError::Settings(Problems::one(Problem::new(
                "word",
                "not this word",
                "不能用这个词",
            )))),
            Some("trap") => Err(TrialError::Component("init trapped".to_owned())),
            _ => Ok(()),
        }
    }
}
