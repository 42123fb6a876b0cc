//! Rust: a module by cargo, made a component here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wit_component::ComponentEncoder;

use super::tools;
use crate::Misused;
use crate::project::Project;

/// Without a system interface, so that a component can import ours alone.
const TARGET: &str = "wasm32-unknown-unknown";
/// Adding the target downloads 20 MB; where it takes longer than this, the network isn't there.
const TIME_TO_ADD: Duration = Duration::from_secs(120);
/// Debian's compiler with the target, and where its package puts the standard library's source.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";

pub(super) fn build(project: &Project, component: &Path) -> Result<()> {
    tools::need("cargo", "Install Rust from https://rustup.rs (Debian: `apt-get install cargo`).")?;
    let metadata = Metadata::read(project)?;
    let mut command = Command::new("cargo");
    command.current_dir(&project.folder).args(["build", "--release", "--lib", "--target", TARGET]);
    Compiler::choose()?.prepare(&mut command);
    command.env("CARGO_ENCODED_RUSTFLAGS", remapped(project)?);
    tools::run(&mut command)?;
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

/// Who compiles for wasm.
enum Compiler {
    /// The one that cargo would take, with the target beside it.
    Own,
    /// Debian's, which builds the standard library too, and the linker.
    Debian(PathBuf),
}

impl Compiler {
    fn choose() -> Result<Self> {
        let sysroot = PathBuf::from(tools::output(Command::new("rustc").args(["--print", "sysroot"]))?);
        if has_target(&sysroot) || add_target(&sysroot) {
            return Ok(Self::Own);
        }
        let linker = linker(&sysroot);
        match linker {
            Some(linker) if Path::new(DEBIAN_RUSTC).is_file() && Path::new(DEBIAN_SOURCE).is_dir() => {
                println!(
                    "the target {TARGET} can't be added: building with Debian's rustc and its standard library"
                );
                Ok(Self::Debian(linker))
            }
            _ => Err(Misused::because(format!(
                "no Rust compiler for WebAssembly is here. Run one of these, then build again:\n  \
                 rustup target add {TARGET}\n  \
                 apt-get install rustc-web rust-web-src lld   # Debian, where rustup has no network"
            ))),
        }
    }

    fn prepare(&self, command: &mut Command) {
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

fn linker(sysroot: &Path) -> Option<PathBuf> {
    let own = std::fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
    let own = own.map(|entry| entry.path().join("bin/rust-lld")).find(|file| file.is_file());
    own.or_else(|| tools::find("rust-lld")).or_else(|| tools::find("wasm-ld"))
}

/// Flags by which no path of this machine gets into the component, which would otherwise differ from machine to
/// machine.
fn remapped(project: &Project) -> Result<OsString> {
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
    add(&project.folder.canonicalize()?, "/plugin");
    add(Path::new(DEBIAN_SOURCE), "/rust/library");
    for registry in
        home.iter().flat_map(|home| std::fs::read_dir(home.join("registry/src")).into_iter().flatten())
    {
        add(&registry?.path(), "/crates");
    }
    Ok(flags)
}
