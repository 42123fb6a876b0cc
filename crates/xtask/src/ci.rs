//! `cargo xtask ci`: everything that a submission must pass, cheapest first.

use anyhow::Result;

use crate::process::{cargo, run as run_program, say};
use crate::workspace::Workspace;
use crate::{plugins, suite};

/// Format, lints, documentation, tests.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    say("checking the format");
    run_program(cargo(&workspace.root).args(["fmt", "--all", "--check"]))?;
    say("linting");
    run_program(cargo(&workspace.root).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    plugins::lint(workspace)?;
    say("building the documentation");
    run_program(
        cargo(&workspace.root)
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    suite::run(workspace, None)
}
