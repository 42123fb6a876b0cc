//! Rust: a module by cargo, made a component here.

mod compiler;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use wit_component::ComponentEncoder;

use super::tools;
use crate::Misused;
use crate::project::Project;
use compiler::{Compiler, DEBIAN_SOURCE, TARGET};

pub(super) fn build(project: &Project, component: &Path) -> Result<()> {
    for program in ["cargo", "rustc"] {
        tools::need(
            program,
            "Install Rust 1.94 or newer from https://rustup.rs (Debian 12: rustc-web, cargo-web).",
        )?;
    }
    let metadata = Metadata::read(project)?;
    let compiler = Compiler::choose()?;
    // First, since only then the folders are there whose names must not get into components.
    let mut fetch = Command::new("cargo");
    tools::run(fetch.current_dir(&project.folder).args(["fetch", "--quiet", "--target", TARGET]))?;
    let mut command = Command::new("cargo");
    command.current_dir(&project.folder).args(["rustc", "--release", "--lib", "--target", TARGET]);
    compiler.prepare(&mut command);
    command.env("CARGO_ENCODED_RUSTFLAGS", remapped()?);
    // For this crate alone: plugins that share a target folder share what they are made of.
    let mut here = OsString::from("--remap-path-prefix=");
    here.push(project.folder.canonicalize()?);
    here.push("=/plugin");
    tools::run(command.arg("--").arg(here))?;
    let module = metadata.target.join(TARGET).join("release").join(format!("{}.wasm", metadata.library));
    let bytes = std::fs::read(&module).map_err(|_| {
        Misused::because(format!(
            "{} was not made: Cargo.toml needs `crate-type = [\"cdylib\", \"rlib\"]` under [lib]",
            module.display()
        ))
    })?;
    let made = encode(&bytes).context("the module could not be made a component")?;
    std::fs::write(component, made).with_context(|| format!("writing {}", component.display()))
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(module)?;
    encoder.encode()
}

/// What cargo says of the package.
struct Metadata {
    target: PathBuf,
    /// The module's name, without its ending.
    library: String,
}

impl Metadata {
    fn read(project: &Project) -> Result<Self> {
        let mut command = Command::new("cargo");
        command.current_dir(&project.folder).args(["metadata", "--no-deps", "--format-version", "1"]);
        let all: serde_json::Value = serde_json::from_str(&tools::output(&mut command)?)?;
        let manifest = project.folder.join("Cargo.toml");
        let packages = all["packages"].as_array().context("cargo metadata names no packages")?;
        // The same file by another path, through a link, is still the same file.
        let same = |path: &str| path_of(Path::new(path)) == path_of(&manifest);
        let package = packages.iter().find(|package| package["manifest_path"].as_str().is_some_and(same));
        let targets =
            package.and_then(|package| package["targets"].as_array()).context("Cargo.toml has no package")?;
        let is_module = |target: &&serde_json::Value| {
            target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
        };
        let library =
            targets.iter().find(is_module).and_then(|target| target["name"].as_str()).ok_or_else(|| {
                Misused::because("Cargo.toml needs `crate-type = [\"cdylib\", \"rlib\"]` under [lib]")
            })?;
        let target = all["target_directory"].as_str().context("cargo metadata names no target folder")?;
        Ok(Self { target: target.into(), library: library.replace('-', "_") })
    }
}

fn path_of(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Flags by which no path of this machine gets into the component, which would otherwise differ from machine to
/// machine.
fn remapped() -> Result<OsString> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let mut flags = OsString::new();
    let mut add = |from: &Path, to: &str| {
        if !flags.is_empty() {
            // What cargo wants between flags.
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    };
    add(Path::new(DEBIAN_SOURCE), "/rust");
    for registry in
        home.iter().flat_map(|home| std::fs::read_dir(home.join("registry/src")).into_iter().flatten())
    {
        add(&registry?.path(), "/crates");
    }
    Ok(flags)
}
