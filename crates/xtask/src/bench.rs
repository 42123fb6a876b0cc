//! `cargo xtask bench`: the load generator against the release build of the server.

use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, run as run_program, say};
use crate::workspace::Workspace;

/// Builds both in release, and hands `arguments` to the load generator, with `TEAHOUSE_BIN` naming the server.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    say("building the server and the load generator in release");
    run_program(cargo(&workspace.root).args([
        "build",
        "--release",
        "--package",
        "teahouse-server",
        "--package",
        "teahouse-bench",
    ]))?;
    let built = workspace.target.join("release");
    run_program(
        Command::new(built.join("teahouse-bench"))
            .args(arguments)
            .current_dir(&workspace.root)
            .env("TEAHOUSE_BIN", built.join("teahouse")),
    )
}
