//! Who compiles for wasm: the Rust that runs us, where its target is here or can be added; else Debian's `rustc-web`,
//! which brings the standard library as source.
//!
//! Authors' builds choose likewise, among what is there: `crates/plugin-tool/src/build/rust/compiler.rs`. Nothing of it is
//! shared: this program is built first of all, and depends on no crate of ours.

mod debian;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use self::debian::Debian;
use crate::process::{cargo, find_program, read, run, say};
use crate::workspace::Workspace;

/// The target of plugins: without a system interface, so that a component can import ours alone.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Insists on one toolchain, by the words of [`Kind`]; `teahouse plugin build` reads it too.
const VARIABLE: &str = "TEAHOUSE_WASM_TOOLCHAIN";

/// Adding the target downloads 20 MB; where it takes longer than this, the network isn't there.
const SECONDS_TO_ADD: &str = "120";

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The Rust that runs us, with its target added by rustup
    Rustup,
    /// `rustc-web` and `rust-web-src` of Debian
    Debian,
}

/// One that is here.
pub(super) struct Toolchain {
    /// What decides on the bytes that it makes: stands in `DIGESTS.toml`.
    pub(super) description: String,
    /// Debian's; else the Rust that runs us.
    debian: Option<Debian>,
}

impl Toolchain {
    /// The one that is asked for, here or in the environment; else the first that is here or can be had.
    pub(super) fn choose(workspace: &Workspace, asked: Option<Kind>) -> Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let sysroot = PathBuf::from(read(Command::new(&rustc).args(["--print", "sysroot"]))?.trim());
        let asked = match asked {
            Some(kind) => Some(kind),
            None => std::env::var(VARIABLE).ok().as_deref().map_or(Ok(None), meant)?,
        };
        let needed = least_rust(&workspace.root.join("plugins/Cargo.toml"))?;
        let debian = match asked {
            Some(Kind::Rustup) if !add_target(&sysroot) => bail!("rustup could not add the target {TARGET}"),
            Some(Kind::Rustup) => None,
            Some(Kind::Debian) => Some(Debian::get(&sysroot, needed)?),
            None if has_target(&sysroot) => None,
            // Before the network is asked: where it isn't there, it may take its time to say so.
            None => match Debian::find(&sysroot, needed) {
                Ok(debian) => Some(debian),
                Err(_) if add_target(&sysroot) => None,
                Err(_) => Some(Debian::get(&sysroot, needed)?),
            },
        };
        let compiler = match &debian {
            Some(debian) => debian.description.clone(),
            None => read(Command::new(&rustc).arg("--version"))?.trim().to_owned(),
        };
        let description = format!("{compiler}, wit-component {}", encoder_version(workspace)?);
        Ok(Self { description, debian })
    }

    /// Makes `cargo build --target` use it, and write no path of this machine into what it makes.
    pub(super) fn prepare(&self, command: &mut Command, root: &Path) -> Result<()> {
        // First, since only then the folders are there whose names must not get into components.
        run(cargo(&root.join("plugins")).args(["fetch", "--quiet", "--locked", "--target", TARGET]))?;
        let mut flags = Vec::new();
        if let Some(debian) = &self.debian {
            flags.push(debian.prepare(command));
        }
        for (from, to) in [(root.to_path_buf(), "/teahouse")].into_iter().chain(registries()?) {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        Ok(())
    }
}

/// What the environment asks for; nothing, if the variable is empty.
fn meant(word: &str) -> Result<Option<Kind>> {
    if word.is_empty() {
        return Ok(None);
    }
    match Kind::from_str(word, false) {
        Ok(kind) => Ok(Some(kind)),
        Err(_) => bail!("{VARIABLE} is {word:?}: it must be `rustup` or `debian`"),
    }
}

/// The `rust-version` of the plugins' workspace.
fn least_rust(manifest: &Path) -> Result<Version> {
    let table: toml::Table = std::fs::read_to_string(manifest)?.parse()?;
    let text = table.get("workspace").and_then(|table| table.get("package")?.get("rust-version")?.as_str());
    text.and_then(Version::parse).with_context(|| format!("{} has no rust-version", manifest.display()))
}

/// A version of Rust, as far as it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// Of `1.94` or `1.96.0-nightly`.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        Some(Self { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Whether the Rust that runs us has the target.
fn has_target(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir()
}

/// Whether it has it now.
fn add_target(sysroot: &Path) -> bool {
    if has_target(sysroot) {
        return true;
    }
    if find_program("rustup").is_none() {
        return false;
    }
    say(&format!("adding the target {TARGET}"));
    let added =
        run(Command::new("timeout").args([SECONDS_TO_ADD, "rustup", "target", "add", TARGET])).is_ok();
    added && has_target(sysroot)
}

/// The folders of crates' sources, whose names hold hashes of this machine.
fn registries() -> Result<Vec<(PathBuf, &'static str)>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let sources = home.context("no home folder, so no crates")?.join("registry/src");
    let entries = std::fs::read_dir(&sources).with_context(|| format!("reading {}", sources.display()))?;
    entries.map(|entry| Ok((entry?.path(), "/crates"))).collect()
}

/// What makes components of modules, as this program was built with it.
fn encoder_version(workspace: &Workspace) -> Result<String> {
    let lock: toml::Table = std::fs::read_to_string(workspace.root.join("Cargo.lock"))?.parse()?;
    let packages =
        lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock has no packages")?;
    let versions = packages
        .iter()
        .filter(|package| package.get("name").and_then(toml::Value::as_str) == Some("wit-component"))
        .filter_map(|package| package.get("version")?.as_str())
        .filter_map(|version| Some((version.split('.').nth(1)?.parse::<u32>().ok()?, version)));
    versions.max().map(|(_, version)| version.to_owned()).context("Cargo.lock has no wit-component")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_may_insist() {
        assert_eq!(meant("debian").unwrap(), Some(Kind::Debian));
        assert_eq!(meant("rustup").unwrap(), Some(Kind::Rustup));
        assert_eq!(meant("").unwrap(), None);
        let error = meant("gentoo").unwrap_err().to_string();
        assert!(error.contains(VARIABLE) && error.contains("`rustup` or `debian`"), "{error}");
    }

    #[test]
    fn versions_have_an_order() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("1.96.0") > version("1.94") && version("1.63.0") < version("1.94"));
        assert_eq!(version("1.95.0-nightly"), version("1.95"));
        assert_eq!(Version::parse("new"), None);
    }

    #[test]
    fn the_plugins_say_which_rust_they_need() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/Cargo.toml");
        assert!(least_rust(&manifest).unwrap() >= Version { major: 1, minor: 94 });
    }
}
