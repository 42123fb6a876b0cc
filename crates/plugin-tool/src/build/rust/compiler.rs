//! Who compiles Rust for wasm: the one in the path, with its target added by rustup; else Debian's, which brings the
//! standard library as source.
//!
//! The project's own builds choose likewise, and install what is missing: `crates/xtask/src/plugins/toolchain.rs`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::Misused;
use crate::build::tools;

/// Without a system interface, so that a component can import ours alone.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";
/// Adding the target downloads 20 MB; where it takes longer than this, the network isn't there.
const TIME_TO_ADD: Duration = Duration::from_secs(120);

/// Insists on one of the two: `rustup` or `debian`.
const VARIABLE: &str = "TEAHOUSE_WASM_TOOLCHAIN";

/// Debian's compiler for wasm, and where its package puts the standard library's source.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
pub(super) const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust";
/// What the SDK is written for.
const LEAST: (u32, u32) = (1, 94);

/// One that is here.
pub(super) enum Compiler {
    /// The one that cargo would take, with the target beside it.
    Own,
    /// Debian's, which builds the standard library too, and the linker.
    Debian(PathBuf),
}

/// Which one the environment asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Either,
    Rustup,
    Debian,
}

impl Compiler {
    /// The one that is asked for; else the first that is here or can be had.
    pub(super) fn choose() -> Result<Self> {
        let asked = Asked::of(&std::env::var(VARIABLE).unwrap_or_default())?;
        let sysroot = PathBuf::from(tools::output(Command::new("rustc").args(["--print", "sysroot"]))?);
        if asked != Asked::Debian && has_target(&sysroot) {
            return Ok(Self::Own);
        }
        // Before the network is asked: where it isn't there, it may take its time to say so.
        let lacking = match debian(&sysroot) {
            Ok(linker) if asked != Asked::Rustup => {
                println!("building with Debian's rustc, and its standard library from source");
                return Ok(Self::Debian(linker));
            }
            Ok(_) => format!("{VARIABLE} asks for rustup's"),
            Err(lacking) => lacking,
        };
        if asked != Asked::Debian && add_target(&sysroot) {
            return Ok(Self::Own);
        }
        Err(Misused::because(format!(
            "no Rust compiler for WebAssembly is here: the target {TARGET} can't be added, and of Debian's packages, \
             {lacking}. Run one of these, then build again:\n  \
             rustup target add {TARGET}            # where rustup has a network\n  \
             apt-get install rustc-web rust-web-src lld          # Debian 12, with its security suite"
        )))
    }

    /// Makes `cargo build --target` use it.
    pub(super) fn prepare(&self, command: &mut Command) {
        if let Self::Debian(linker) = self {
            command
                .env("RUSTC", DEBIAN_RUSTC)
                // The compiler is a released one; building std is what released ones don't offer.
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .arg("-Zbuild-std=std,panic_abort");
        }
    }
}

impl Asked {
    fn of(word: &str) -> Result<Self> {
        match word {
            "" => Ok(Self::Either),
            "rustup" => Ok(Self::Rustup),
            "debian" => Ok(Self::Debian),
            other => Err(Misused::because(format!(
                "{VARIABLE} is {other:?}: it must be `rustup` or `debian`, or not be there"
            ))),
        }
    }
}

/// The linker for Debian's compiler, if all of it is here; else what is not.
fn debian(sysroot: &Path) -> Result<PathBuf, String> {
    if !Path::new(DEBIAN_RUSTC).is_file() {
        return Err("rustc-web is not installed".to_owned());
    }
    let told =
        tools::output(Command::new(DEBIAN_RUSTC).arg("--version")).map_err(|error| error.to_string())?;
    if !is_new_enough(&told) {
        return Err(format!("{DEBIAN_RUSTC} is `{told}`, where 1.{} or newer is needed", LEAST.1));
    }
    if !Path::new(DEBIAN_SOURCE).join("library/Cargo.lock").is_file() {
        return Err("rust-web-src is not installed".to_owned());
    }
    linker(sysroot).ok_or_else(|| "a linker (lld) is not installed".to_owned())
}

/// Of `rustc 1.96.0 (ac68faa20 2026-05-25)`.
fn is_new_enough(told: &str) -> bool {
    let mut numbers = told.split_whitespace().nth(1).unwrap_or_default().split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= LEAST,
        _ => false,
    }
}

fn has_target(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir()
}

/// Adds the target by rustup; gives up where the network isn't there.
fn add_target(sysroot: &Path) -> bool {
    let Some(rustup) = tools::find("rustup") else { return false };
    println!("adding the target {TARGET}");
    let spawned = Command::new(rustup).args(["target", "add", TARGET]).stdin(Stdio::null()).spawn();
    spawned.is_ok_and(|child| ended(child, TIME_TO_ADD).unwrap_or(false)) && has_target(sysroot)
}

/// Whether `child` ended well within `time`; it is ended otherwise.
fn ended(mut child: Child, time: Duration) -> Result<bool> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if start.elapsed() > time {
            child.kill()?;
            child.wait()?;
            bail!("it took longer than {} s", time.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The one that comes with the Rust in the path; else one of Debian's.
fn linker(sysroot: &Path) -> Option<PathBuf> {
    let own = std::fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
    let own = own.map(|entry| entry.path().join("bin/rust-lld")).find(|file| file.is_file());
    own.or_else(|| tools::find("rust-lld")).or_else(|| tools::find("wasm-ld"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_may_insist() {
        assert_eq!(Asked::of("").unwrap(), Asked::Either);
        assert_eq!(Asked::of("debian").unwrap(), Asked::Debian);
        assert_eq!(Asked::of("rustup").unwrap(), Asked::Rustup);
        let error = Asked::of("gentoo").unwrap_err();
        assert!(error.is::<Misused>() && error.to_string().contains(VARIABLE), "{error}");
    }

    #[test]
    fn an_old_compiler_is_not_taken() {
        assert!(is_new_enough("rustc 1.96.0 (ac68faa20 2026-05-25)"));
        assert!(is_new_enough("rustc 1.94.0"));
        for old in ["rustc 1.85.0", "rustc 1.63.0 (4b91a6ea7 2022-08-08)", "", "rustc", "rustc new"] {
            assert!(!is_new_enough(old), "{old}");
        }
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let sleeping = Command::new("sleep").arg("600").spawn().unwrap();
        assert!(ended(sleeping, Duration::from_millis(1)).is_err());
        assert!(!ended(Command::new("false").spawn().unwrap(), Duration::from_secs(60)).unwrap());
    }
}
