//! `cargo xtask bench`: the load generator against the release build of the server.

use std::process::Command;

use anyhow::Result;

use crate::plugins;
use crate::process::{cargo, run as run_program, say};
use crate::workspace::Workspace;

/// The benchmark that needs more than the server.
const PLUGINS: &str = "plugins";
/// The component that it measures beside a bundled one.
const NOOP: &str = "noop-filter";

/// Builds what a benchmark needs in release, and hands `arguments` to the load generator. It finds all of it in the
/// target folder.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let of_plugins = arguments.first().is_some_and(|name| name == PLUGINS);
    say("building the server and the load generator in release");
    let mut build = cargo(&workspace.root);
    build.args(["build", "--release", "--package", "teahouse-server", "--package", "teahouse-bench"]);
    build.args(["--bin", "teahouse", "--bin", "teahouse-bench"]);
    if of_plugins {
        // In one build with the server, so that they agree on every dependency's features, and share the sandbox.
        build.args(["--package", "teahouse-plugin-host", "--example", "call"]);
    }
    run_program(&mut build)?;
    if of_plugins {
        plugins::fresh(workspace, &[NOOP.to_owned()])?;
    }
    run_program(
        Command::new(workspace.target.join("release/teahouse-bench"))
            .args(arguments)
            .current_dir(&workspace.root)
            .env("CARGO_TARGET_DIR", &workspace.target),
    )
}
