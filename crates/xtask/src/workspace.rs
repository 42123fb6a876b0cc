//! The workspace as cargo sees it: its root, its target folder, its packages and what they depend on.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// The workspace that this command was built from.
pub(crate) struct Workspace {
    /// Folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Where cargo builds, `CARGO_TARGET_DIR` respected.
    pub(crate) target: PathBuf,
    /// The members, in cargo's order.
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Folder of its manifest.
    pub(crate) folder: PathBuf,
    /// The crate root of its library or macros, or else of its first binary.
    pub(crate) crate_root: Option<PathBuf>,
    pub(crate) uses: Vec<Use>,
}

/// One dependency that a package declares.
pub(crate) struct Use {
    pub(crate) name: String,
    /// For tests and examples only.
    pub(crate) for_tests: bool,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .context("cargo metadata could not read the workspace")?;
        Ok(Self {
            root: metadata.workspace_root.clone().into(),
            target: metadata.target_directory.clone().into(),
            packages: metadata.packages.iter().map(Package::from).collect(),
        })
    }
}

impl From<&cargo_metadata::Package> for Package {
    fn from(package: &cargo_metadata::Package) -> Self {
        let root = package
            .targets
            .iter()
            .find(|target| target.is_lib() || target.is_proc_macro())
            .or_else(|| package.targets.iter().find(|target| target.is_bin()));
        Self {
            name: package.name.to_string(),
            folder: package.manifest_path.parent().map(Into::into).unwrap_or_default(),
            crate_root: root.map(|target| target.src_path.clone().into()),
            uses: package
                .dependencies
                .iter()
                .map(|dependency| Use {
                    name: dependency.name.clone(),
                    for_tests: dependency.kind == DependencyKind::Development,
                })
                .collect(),
        }
    }
}
