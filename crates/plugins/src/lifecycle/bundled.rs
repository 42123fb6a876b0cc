//! The plugins that come with the server. They are installed when a server first meets them, and upgraded with it; what
//! an admin changed, or threw out, stays changed and out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rust_embed::RustEmbed;
use teahouse_plugin_package::{Manifest, Package, PluginId};
use teahouse_store::{plugin_grants, plugin_versions, plugins};

use super::install::Origin;
use super::{By, Choices, Installed, Lifecycle, LifecycleError as Error, digest_of, grants};

/// Those that work without anybody doing anything.
const ENABLED: [&str; 2] = ["sensitive-words", "welcome-bot"];

/// The components that are kept in the repository, and what belongs to each.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../plugins"]
#[include = "dist/*.wasm"]
#[include = "*/plugin.toml"]
#[include = "*/config.schema.json"]
#[include = "*/locales/*.json"]
#[include = "*/README.md"]
#[include = "*/icon.svg"]
#[include = "*/icon.png"]
#[exclude = "target/*"]
#[exclude = "*/target/*"]
#[exclude = "*/node_modules/*"]
struct Files;

/// A plugin that comes with the server.
#[derive(Clone, PartialEq, Eq)]
pub struct BundledPlugin {
    /// Its folder's name.
    pub name: String,
    /// Its package.
    pub package: Vec<u8>,
    /// Whether it works from the first start on.
    pub enabled: bool,
}

impl fmt::Debug for BundledPlugin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "BundledPlugin({})", self.name)
    }
}

/// The plugins that come with the server, packed: the same program gives the same bytes. One that can't be packed is a
/// fault of the build, which its tests find; here it is left out.
#[must_use]
pub fn bundled_plugins() -> Vec<BundledPlugin> {
    // Listed once: a development build looks at the folder itself each time.
    let paths: BTreeSet<String> = Files::iter().map(String::from).collect();
    let components = paths.iter().filter_map(|path| path.strip_prefix("dist/")?.strip_suffix(".wasm"));
    let packed = components.filter_map(|name| match Package::pack_files(files_of(name, &paths)) {
        Ok(package) => {
            Some(BundledPlugin { name: name.to_owned(), package, enabled: ENABLED.contains(&name) })
        }
        Err(error) => {
            tracing::error!(plugin.name = name, %error, "a plugin that comes with the server can't be packed");
            None
        }
    });
    packed.collect()
}

/// What goes into the package of `name`. The sources stay outside.
fn files_of(name: &str, paths: &BTreeSet<String>) -> BTreeMap<String, Vec<u8>> {
    let folder = format!("{name}/");
    let own = paths.iter().filter_map(|path| {
        let inside = path.strip_prefix(&folder)?.to_owned();
        Some((inside, Files::get(path)?.data.into_owned()))
    });
    let component = Files::get(&format!("dist/{name}.wasm")).map(|file| file.data.into_owned());
    own.chain(component.map(|bytes| (Manifest::COMPONENT.to_owned(), bytes))).collect()
}

impl Lifecycle {
    /// Installs and upgrades what comes with the server. One that fails is logged and costs the others nothing.
    pub async fn install_bundled(&self, bundled: &[BundledPlugin]) {
        for plugin in bundled {
            match self.bundle(plugin).await {
                Ok(()) => {}
                // Another node that started at the same moment was faster.
                Err(Error::Changed) => {}
                Err(error) => {
                    tracing::warn!(plugin.name = plugin.name, %error, "a bundled plugin was not installed");
                }
            }
        }
    }

    async fn bundle(&self, plugin: &BundledPlugin) -> Result<(), Error> {
        let package = super::read_package(plugin.package.clone()).await?;
        let id = &package.manifest().id;
        if plugins::find(self.db().conn(), id.as_str()).await?.is_some() {
            return self.renew(id, &package, plugin).await;
        }
        if grants::tombstone(&plugin_grants::of_plugin(self.db().conn(), id.as_str()).await?).is_some() {
            return Ok(());
        }
        let by = By::bundled();
        let installed = self.install_from(plugin.package.clone(), Origin::Bundled, &by).await?;
        tracing::info!(plugin.id = %id, plugin.version = installed.version, "bundled plugin installed");
        self.start(id, plugin).await
    }

    async fn start(&self, id: &PluginId, plugin: &BundledPlugin) -> Result<(), Error> {
        if plugin.enabled {
            let (by, consent) = (By::bundled(), self.consent(id, None).await?);
            self.grant(id, &consent.digest, &Choices::all(&consent), &by).await?;
            self.enable(id, &by).await?;
        }
        Ok(())
    }

    /// A release brought another version: it takes over when the one in use is the server's own too, and nothing new is
    /// asked. A version that was here before and is not in use was put away by an admin.
    async fn renew(&self, id: &PluginId, package: &Package, plugin: &BundledPlugin) -> Result<(), Error> {
        let digest = package.digest().to_string();
        let row = self.require_plugin(id).await?;
        if row.generation == row.installed_at_ms && row.digest == digest {
            // Nobody touched it since: the start that installed it ended too early.
            return self.start(id, plugin).await;
        }
        let versions = plugin_versions::of_plugin(self.db().conn(), id.as_str()).await?;
        if versions.iter().any(|version| version.digest == digest) {
            return Ok(());
        }
        let by = By::bundled();
        let installed = self.install_from(plugin.package.clone(), Origin::Bundled, &by).await?;
        if self.is_downgrade(&row.digest, &installed).await? {
            return Ok(());
        }
        match self.upgrade(id, &installed.digest, None, &by).await {
            Ok(upgraded) => {
                tracing::info!(plugin.id = %id, plugin.version = upgraded.to, "bundled plugin upgraded");
                Ok(())
            }
            Err(Error::ConsentRequired(_)) => {
                tracing::info!(plugin.id = %id, "a newer bundled version asks for more and waits for an admin");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// An older server that starts beside newer ones must not take their version back.
    async fn is_downgrade(&self, current: &str, installed: &Installed) -> Result<bool, Error> {
        let current = self.package(&digest_of(current)?).await?;
        let offered = self.package(&installed.digest).await?;
        Ok(offered.manifest().version < current.manifest().version)
    }
}
