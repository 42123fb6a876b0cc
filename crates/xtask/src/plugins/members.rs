//! Which Rust plugins there are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::MetadataCommand;

/// A Rust plugin.
pub(super) struct Member {
    /// The package's name, which is its folder's.
    pub(super) package: String,
    /// Kept in `plugins/dist`; the others are for tests alone.
    pub(super) bundled: bool,
}

impl Member {
    /// What the compiler makes.
    pub(super) fn module(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.wasm", self.package.replace('-', "_")))
    }

    /// What the host loads.
    pub(super) fn component(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.wasm", self.package))
    }
}

/// Those of these names; all, if there are none.
pub(super) fn named(folder: &Path, names: &[String]) -> Result<Vec<Member>> {
    let metadata = MetadataCommand::new()
        .manifest_path(folder.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata could not read the plugins' workspace")?;
    let mut members: Vec<Member> = metadata
        .packages
        .iter()
        .filter(|package| package.targets.iter().any(|target| target.is_cdylib()))
        .map(|package| Member {
            package: package.name.to_string(),
            bundled: package.manifest_path.starts_with(&metadata.workspace_root),
        })
        .collect();
    members.sort_by(|a, b| a.package.cmp(&b.package));
    if let Some(unknown) = names.iter().find(|name| !members.iter().any(|member| member.package == **name)) {
        bail!("there is no Rust plugin {unknown}");
    }
    members.retain(|member| names.is_empty() || names.contains(&member.package));
    Ok(members)
}
