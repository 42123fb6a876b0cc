//! Debian's compiler for the web: `rustc-web`, and the standard library's source in `rust-web-src`. Debian 12 has a new
//! one in its security suite, where browsers need it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};

use super::Version;
use crate::process::{find_program, read};
use crate::tools;

const RUSTC: &str = "/usr/bin/rustc";
/// Where `rust-web-src` puts the source: a link to a folder named after its version.
const SOURCE: &str = "/usr/lib/rustlib/src/rust";
const PACKAGES: &[&str] = &["rustc-web", "rust-web-src"];

/// What to do where nothing of this works.
const WAYS_OUT: &str = "Plugins are built by one of\n  \
    rustup target add wasm32-unknown-unknown          # where rustup reaches its network\n  \
    apt-get install rustc-web rust-web-src            # Debian 12, with its security suite in apt's sources";

/// A complete one.
pub(super) struct Debian {
    /// What decides on the bytes that it makes.
    pub(super) description: String,
    linker: PathBuf,
}

impl Debian {
    /// The one that is here, installed if it isn't.
    pub(super) fn get(sysroot: &Path, needed: Version) -> Result<Self> {
        if let Err(lacking) = Compiler::find(needed) {
            tools::install_because(&format!("{lacking:#}"), PACKAGES).map_err(|error| in_vain(&error))?;
        }
        let compiler = Compiler::find(needed).map_err(|error| in_vain(&error))?;
        if linker(sysroot, &compiler.llvm).is_none() {
            let package = format!("lld-{}", compiler.llvm);
            tools::install_because("no linker for wasm is here", &[&package])?;
        }
        Self::of(&compiler, sysroot)
    }

    /// The one that is here.
    pub(super) fn find(sysroot: &Path, needed: Version) -> Result<Self> {
        Self::of(&Compiler::find(needed)?, sysroot)
    }

    fn of(compiler: &Compiler, sysroot: &Path) -> Result<Self> {
        let linker = linker(sysroot, &compiler.llvm).context(
            "no linker for wasm is here: rustup's Rust has one, and Debian's package lld-VERSION, of the compiler's LLVM",
        )?;
        let linked = read(Command::new(&linker).args(flavor(&linker)).arg("--version"))?;
        // Without where it was built from: "LLD 22.1.2 (/checkout/src/…)".
        let linked = linked.split(" (").next().unwrap_or_default().trim();
        Ok(Self { description: format!("{}, std from source, {linked}", compiler.version), linker })
    }

    /// Makes cargo use it; returns the flag that keeps the source's place out of what it makes.
    pub(super) fn prepare(&self, command: &mut Command) -> String {
        command
            .env("RUSTC", RUSTC)
            // The compiler is a released one; building std is what released ones don't offer.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &self.linker)
            .arg("-Zbuild-std=std,panic_abort");
        format!("--remap-path-prefix={SOURCE}=/rust")
    }
}

/// What went wrong, and what to do then.
fn in_vain(error: &anyhow::Error) -> anyhow::Error {
    anyhow!("Debian's compiler for wasm can't be had: {error:#}\n{WAYS_OUT}")
}

/// The compiler and its library, which fit each other and are new enough.
struct Compiler {
    /// As it says itself: "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)".
    version: String,
    /// Its LLVM's first number.
    llvm: String,
}

impl Compiler {
    fn find(needed: Version) -> Result<Self> {
        if !Path::new(RUSTC).is_file() {
            bail!("there is no {RUSTC}");
        }
        let told = read(Command::new(RUSTC).arg("-vV"))?;
        let source = Path::new(SOURCE);
        if !source.join("library/Cargo.lock").is_file() {
            bail!("there is no source of the standard library in {SOURCE}");
        }
        Self::of(&told, &source.canonicalize()?, needed)
    }

    /// Judges by what the compiler says of itself (`rustc -vV`), and the folder of the source.
    fn of(told: &str, source: &Path, needed: Version) -> Result<Self> {
        let field = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let release = field("release:").context("rustc doesn't say which release it is")?;
        if Version::parse(release).is_none_or(|version| version < needed) {
            bail!("{RUSTC} is {release}, and plugins need {needed} or newer");
        }
        let folder = source.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if folder.strip_prefix("rustc-").is_some_and(|version| version != release) {
            bail!("{RUSTC} is {release}, but the standard library's source is {folder}");
        }
        let llvm = field("LLVM version:").and_then(|version| version.split('.').next());
        Ok(Self {
            version: told.lines().next().unwrap_or_default().trim().to_owned(),
            llvm: llvm.context("rustc doesn't say which LLVM it has")?.to_owned(),
        })
    }
}

/// The linker that comes with the Rust that runs us; else one of Debian's, of the compiler's LLVM.
fn linker(sysroot: &Path, llvm: &str) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
    let own = hosts.map(|host| host.path().join("bin/rust-lld")).find(|file| file.is_file());
    own.or_else(|| find_program(&format!("wasm-ld-{llvm}")))
}

/// `rust-lld` is many linkers in one, and must be told which.
fn flavor(linker: &Path) -> &'static [&'static str] {
    if linker.ends_with("rust-lld") { &["-flavor", "wasm"] } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "rustc 1.96.0 (ac68faa20 2026-05-25)\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
    const NEEDED: Version = Version { major: 1, minor: 94 };

    #[track_caller]
    fn refused(told: &str, source: &str) -> String {
        Compiler::of(told, Path::new(source), NEEDED).err().expect("a refusal").to_string()
    }

    #[test]
    fn a_compiler_that_fits_its_source_will_do() {
        let compiler = Compiler::of(TOLD, Path::new("/usr/src/rustc-1.96.0"), NEEDED).unwrap();
        assert_eq!(compiler.llvm, "22");
        assert_eq!(compiler.version, "rustc 1.96.0 (ac68faa20 2026-05-25)");
    }

    #[test]
    fn an_old_release_is_refused_by_its_version() {
        let old = TOLD.replace("1.96.0", "1.63.0");
        let error = refused(&old, "/usr/src/rustc-1.63.0");
        assert!(error.contains("1.63.0") && error.contains("1.94 or newer"), "{error}");
    }

    #[test]
    fn a_source_of_another_version_is_refused() {
        let error = refused(TOLD, "/usr/src/rustc-1.85.0");
        assert!(error.contains("rustc-1.85.0"), "{error}");
        assert!(refused("nonsense", "/usr/src/rustc-1.96.0").contains("which release"));
    }

    #[test]
    fn a_linker_is_found_beside_the_rust_that_runs_us() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(linker(folder.path(), "none-of-this"), None);
        let programs = folder.path().join("lib/rustlib/some-host/bin");
        std::fs::create_dir_all(&programs).unwrap();
        std::fs::write(programs.join("rust-lld"), "").unwrap();
        assert_eq!(linker(folder.path(), "none-of-this"), Some(programs.join("rust-lld")));
    }
}
