//! Who compiles for wasm: the Rust that runs us, where its target is here or can be added; else Debian's `rustc-web`,
//! which brings the standard library as source.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::process::{cargo, find_program, read, run, say};
use crate::tools;
use crate::workspace::Workspace;

/// The target of plugins: without a system interface, so that a component can import ours alone.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Adding the target downloads 20 MB; where it takes longer than this, the network isn't there.
const SECONDS_TO_ADD: &str = "120";

/// Which one.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
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
    kind: Kind,
    /// The folder of the Rust that runs us.
    sysroot: PathBuf,
}

impl Toolchain {
    /// The first that is here or can be had; or the one that is asked for.
    pub(super) fn choose(workspace: &Workspace, kind: Option<Kind>) -> Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let sysroot = PathBuf::from(read(Command::new(&rustc).args(["--print", "sysroot"]))?.trim());
        let kind = match kind {
            Some(Kind::Rustup) if !add_target(&sysroot) => bail!("rustup could not add the target {TARGET}"),
            Some(kind) => kind,
            None if add_target(&sysroot) => Kind::Rustup,
            None => Kind::Debian,
        };
        let version = match kind {
            Kind::Rustup => read(Command::new(&rustc).arg("--version"))?,
            Kind::Debian => {
                tools::install_wasm_compiler()?;
                format!("{}, std from source", read(Command::new(DEBIAN_RUSTC).arg("--version"))?.trim())
            }
        };
        let encoder = encoder_version(workspace)?;
        Ok(Self { description: format!("{}, wit-component {encoder}", version.trim()), kind, sysroot })
    }

    /// Makes `cargo build --target` use it, and write no path of this machine into what it makes.
    pub(super) fn prepare(&self, command: &mut Command, root: &Path) -> Result<()> {
        run(cargo(&root.join("plugins")).args(["fetch", "--locked", "--target", TARGET]))?;
        let mut flags = Vec::new();
        if self.kind == Kind::Debian {
            let linker = self.sysroot.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
            if !linker.is_file() {
                bail!("{} is absent: the linker for wasm comes with rustup's Rust", linker.display());
            }
            command
                .env("RUSTC", DEBIAN_RUSTC)
                // The compiler is a released one; building std is what released ones don't offer.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .arg("-Zbuild-std=std,panic_abort");
            flags.push(format!("--remap-path-prefix={DEBIAN_SOURCE}=/rust"));
        }
        for (from, to) in [(root.to_path_buf(), "/teahouse")].into_iter().chain(registries()?) {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        Ok(())
    }
}

pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Where `rust-web-src` puts the standard library's source.
pub(crate) const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust";

/// Whether the Rust that runs us has the target now.
fn add_target(sysroot: &Path) -> bool {
    let installed = || sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir();
    if installed() {
        return true;
    }
    if find_program("rustup").is_none() {
        return false;
    }
    say(&format!("adding the target {TARGET}"));
    let added =
        run(Command::new("timeout").args([SECONDS_TO_ADD, "rustup", "target", "add", TARGET])).is_ok();
    added && installed()
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
