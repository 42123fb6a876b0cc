//! `cargo xtask plugins`: the Rust plugins as components, by whichever wasm toolchain there is.
//!
//! The components of the bundled plugins are kept in `plugins/dist`, so that building the server needs no wasm
//! toolchain. What only the tests load (`tests/components`) is built with them, and not kept.

mod cases;
mod components;
mod dist;
mod members;
mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use self::dist::Dist;
use self::members::Member;
pub(crate) use self::toolchain::Kind;
use self::toolchain::Toolchain;
use crate::process::{cargo, run as run_program, say};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// What to do with fresh components.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Those of the bundled plugins replace the kept ones.
    Keep,
    /// They are compared with the kept ones.
    Compare,
    /// Their digests are noted beside those of the toolchain that built the kept ones.
    Record,
}

/// Builds the plugins of these names (all, if there are none).
pub(crate) fn run(workspace: &Workspace, names: &[String], with: Option<Kind>, then: Then) -> Result<()> {
    let members = members::named(&folder(workspace), names)?;
    let toolchain = Toolchain::choose(workspace, with)?;
    let fresh = build(workspace, &toolchain, &members)?;
    let dist = Dist::at(&folder(workspace));
    let bundled: Vec<&Member> = members.iter().filter(|member| member.bundled).collect();
    match then {
        Then::Keep => dist.keep(&toolchain.description, &fresh, &bundled, names.is_empty()),
        Then::Record => dist.record(&toolchain.description, &fresh, &bundled),
        Then::Compare => {
            let wrong = dist.compare(&toolchain.description, &fresh, &bundled, names.is_empty())?;
            if wrong.is_empty() {
                return Ok(());
            }
            wrong.iter().for_each(|finding| println!("  wrong: {finding}"));
            bail!("plugins/dist is not what the sources make; `cargo xtask plugins` builds it anew")
        }
    }
}

/// For tests and benchmarks: builds those of these names (all, if there are none), keeps nothing, and gives the folder of
/// the fresh components.
pub(crate) fn fresh(workspace: &Workspace, names: &[String]) -> Result<PathBuf> {
    let members = members::named(&folder(workspace), names)?;
    build(workspace, &Toolchain::choose(workspace, None)?, &members)
}

/// Compares as `--check` does, and runs the plugins' own tests on this machine.
pub(crate) fn test(workspace: &Workspace) -> Result<Tally> {
    say("checking that plugins/dist is what the sources make");
    let compared = run(workspace, &[], None, Then::Compare);
    if let Err(error) = &compared {
        println!("  wrong: {error:#}");
    }
    println!("check plugins/dist ... {}", if compared.is_ok() { "ok" } else { "FAILED" });
    let mut tally = Tally {
        passed: u32::from(compared.is_ok()),
        failed: u32::from(compared.is_err()),
        ..Tally::default()
    };
    let counted = crate::words::run(workspace, false);
    if let Err(error) = &counted {
        println!("  wrong: {error:#}");
    }
    println!("check the lists of sensitive words ... {}", if counted.is_ok() { "ok" } else { "FAILED" });
    tally.passed += u32::from(counted.is_ok());
    tally.failed += u32::from(counted.is_err());
    say("running the plugins' own tests");
    tally +=
        crate::suite::counted(native(workspace).args(["test", "--workspace", "--no-fail-fast", "--quiet"]))?;
    Ok(tally)
}

/// Runs the cases of every plugin, once the server, which has the tool for it, is built.
pub(crate) fn run_cases(workspace: &Workspace) -> Result<Tally> {
    cases::run_all(workspace, &fresh(workspace, &[])?)
}

/// Format and lints of the plugins' workspace.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    say("checking the plugins' format and linting them");
    run_program(native(workspace).args(["fmt", "--all", "--check"]))?;
    run_program(
        native(workspace)
            .args(["clippy", "--workspace", "--all-targets", "--quiet"])
            .args(["--", "-D", "warnings"]),
    )
}

/// The plugins' workspace.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("plugins")
}

/// Its own folder below the target folder: two workspaces in one would wait for each other.
fn target(workspace: &Workspace) -> PathBuf {
    workspace.target.join("plugins")
}

/// Cargo in the plugins' workspace, for this machine.
pub(crate) fn native(workspace: &Workspace) -> std::process::Command {
    let mut command = cargo(&folder(workspace));
    command.env("CARGO_TARGET_DIR", target(workspace));
    command
}

fn build(workspace: &Workspace, toolchain: &Toolchain, members: &[Member]) -> Result<PathBuf> {
    let to = target(workspace).join("components");
    std::fs::create_dir_all(&to)?;
    if members.is_empty() {
        return Ok(to);
    }
    say(&format!("building {} plugins with {}", members.len(), toolchain.description));
    let mut command = native(workspace);
    command.args(["build", "--release", "--locked", "--lib", "--target", toolchain::TARGET]);
    for member in members {
        command.args(["--package", &member.package]);
    }
    toolchain.prepare(&mut command, &workspace.root)?;
    run_program(&mut command)?;
    let modules = target(workspace).join(toolchain::TARGET).join("release");
    for member in members {
        components::make(&member.module(&modules), &member.component(&to))?;
    }
    Ok(to)
}

/// `bytes` of a file, which an error names.
fn read(file: &Path) -> Result<Vec<u8>> {
    use anyhow::Context as _;
    std::fs::read(file).with_context(|| format!("reading {}", file.display()))
}
