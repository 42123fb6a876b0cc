//! Packages, made as authors make them: a folder with a manifest and a component, and the binary's own `plugin pack`.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::process::Command;

use teahouse_tests::program_output;
use tempfile::TempDir;

/// What `cargo xtask test` builds the components into.
const COMPONENTS: &str = "TEAHOUSE_TEST_COMPONENTS";

/// A plugin's folder, that goes with the test.
pub(crate) struct Workshop {
    folder: TempDir,
    name: &'static str,
}

impl Workshop {
    /// With the manifest and the component of `tests/components/NAME`.
    pub(crate) fn of(name: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("components").join(name);
        for file in ["plugin.toml", "config.schema.json"] {
            if source.join(file).is_file() {
                std::fs::copy(source.join(file), folder.path().join(file)).expect("a copy");
            }
        }
        std::fs::copy(component(name), folder.path().join("plugin.wasm")).expect("the component");
        Self { folder, name }
    }

    /// Where something of it lies.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Puts `to` where the manifest says `from`.
    pub(crate) fn change(&self, from: &str, to: &str) {
        let file = self.path("plugin.toml");
        let manifest = std::fs::read_to_string(&file).expect("the manifest");
        assert!(manifest.contains(from), "{} does not say {from:?}", file.display());
        std::fs::write(file, manifest.replacen(from, to, 1)).expect("the manifest");
    }

    /// What a setting is unless somebody changes it.
    pub(super) fn set_default(&self, setting: &str, default: impl Into<serde_json::Value>) {
        let file = self.path("config.schema.json");
        let schema = std::fs::read(&file).expect("the schema");
        let mut schema: serde_json::Value = serde_json::from_slice(&schema).expect("JSON");
        schema["properties"][setting]["default"] = default.into();
        std::fs::write(file, schema.to_string()).expect("the schema");
    }

    /// The package of it as it is now.
    pub(crate) async fn pack(&self) -> Vec<u8> {
        self.pack_with(&[]).await
    }

    /// As [`pack`](Self::pack), with more arguments.
    pub(super) async fn pack_with(&self, arguments: &[&str]) -> Vec<u8> {
        let folder = self.folder.path().to_str().expect("a path in UTF-8");
        let out = tempfile::tempdir().expect("a folder");
        let out_path = out.path().to_str().expect("a path in UTF-8");
        let pack = [&["plugin", "pack", "-C", folder, "--out", out_path], arguments].concat();
        let packed = program_output(&pack, &[]).await;
        assert_eq!(packed.code, 0, "{} is not packed: {packed:?}", self.name);
        let file = std::fs::read_dir(out.path()).expect("the folder").next().expect("a package");
        std::fs::read(file.expect("a package").path()).expect("the package")
    }
}

/// The component of `tests/components/NAME`.
fn component(name: &str) -> PathBuf {
    let folder = std::env::var_os(COMPONENTS)
        .unwrap_or_else(|| panic!("{COMPONENTS} names no folder; `cargo xtask test` makes one"));
    Path::new(&folder).join(format!("{name}.wasm"))
}

/// The files of a folder as a package, whatever they are: what `plugin pack` would never make.
pub(super) fn packed_by_hand(folder: &Path) -> Vec<u8> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry")).collect();
    files.retain(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut command = Command::new("tar");
    command.arg("-C").arg(folder).args(["--format=ustar", "-czf", "-"]);
    let output = command.args(files.iter().map(DirEntry::file_name)).output().expect("tar runs");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// A package's files.
pub(super) fn unpacked(package: &[u8]) -> TempDir {
    let (folder, desk) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let file = desk.path().join("package");
    std::fs::write(&file, package).expect("the package");
    let mut command = Command::new("tar");
    command.arg("-C").arg(folder.path()).arg("-xzf").arg(&file);
    assert!(command.status().expect("tar runs").success(), "{command:?}");
    folder
}
