//! `cargo xtask test`: prepare the machine, start PostgreSQL, build once, run everything, count.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::postgres::Cluster;
use crate::process::{cargo, run as run_program, say};
use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{architecture, node, plugins, python, tools};

/// Runs every test; with `filter`, only the Rust tests whose name contains it.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>) -> Result<()> {
    let mut tally = Tally::default();
    if filter.is_none() {
        tally += architecture::run(workspace)?;
    }
    tools::install_missing()?;
    if filter.is_none() {
        tally += node::unit_tests(&workspace.root)?;
        tally += plugins::test(workspace)?;
    }
    let cluster = Cluster::start()?;
    build(workspace)?;
    if filter.is_none() {
        tally += plugins::run_cases(workspace)?;
    }
    tally += rust_tests(workspace, &cluster, filter)?;
    drop(cluster);
    report(&tally, filter.is_some())
}

/// The architecture checks alone.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let tally = architecture::run(workspace)?;
    println!("{} passed, {} failed", tally.passed, tally.failed);
    verdict(&tally, true)
}

/// One build for all that follows. Built together, binaries and tests agree on every dependency's
/// features; apart, much would be compiled twice.
fn build(workspace: &Workspace) -> Result<()> {
    say("building the server and the tests");
    run_program(cargo(&workspace.root).args(["build", "--workspace", "--bins", "--tests"]))
}

fn rust_tests(workspace: &Workspace, cluster: &Cluster, filter: Option<&str>) -> Result<Tally> {
    let mut command = cargo(&workspace.root);
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if let Some(filter) = filter {
        command.arg("--").arg(filter);
    }
    prepare(&mut command, workspace, cluster)?;
    say("running the tests of the workspace");
    counted(&mut command)
}

/// Gives `command` all that the tests ask of their environment.
fn prepare(command: &mut Command, workspace: &Workspace, cluster: &Cluster) -> Result<()> {
    node::install_packages(&workspace.root)?;
    command
        .env("TEAHOUSE_BIN", workspace.target.join("debug/teahouse"))
        .env("TEAHOUSE_TEST_POSTGRES", &cluster.url)
        .env("TEAHOUSE_TEST_POSTGRES_BIN", &cluster.programs)
        .env("TEAHOUSE_TEST_ARTIFACTS", workspace.target.join("test-artifacts"))
        .env("TEAHOUSE_TEST_COMPONENTS", plugins::fresh(workspace, &[])?)
        .env("TEAHOUSE_TEST_VENV", python::environment(&workspace.root, &workspace.target)?);
    Ok(())
}

/// Runs one command as the tests are run; the cluster ends with it.
pub(crate) fn with_environment(workspace: &Workspace, command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("no command")?;
    tools::install_missing()?;
    let cluster = Cluster::start()?;
    let mut command = Command::new(program);
    command.args(arguments);
    prepare(&mut command, workspace, &cluster)?;
    run_program(&mut command)
}

/// Runs it, showing and counting what it prints.
pub(crate) fn counted(command: &mut Command) -> Result<Tally> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("could not start cargo test")?;
    let mut tally = Tally::default();
    let printed = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(printed).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        tally.count(&line);
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        // A test binary that was killed prints no result for the test that it was in.
        say(&format!("cargo test ended with {status}"));
        tally.failed = 1;
    }
    Ok(tally)
}

fn report(tally: &Tally, filtered: bool) -> Result<()> {
    println!();
    println!("SQLite: {} tests, PostgreSQL: {} tests", tally.sqlite, tally.postgres);
    if tally.ignored > 0 {
        println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.ignored);
    } else {
        println!("{} passed, {} failed", tally.passed, tally.failed);
    }
    verdict(tally, filtered)
}

fn verdict(tally: &Tally, filtered: bool) -> Result<()> {
    if tally.failed > 0 {
        bail!("{} tests or checks failed", tally.failed);
    }
    if tally.ignored > 0 {
        bail!("{} tests were skipped: a test that can't run is to be fixed or removed", tally.ignored);
    }
    if filtered && tally.passed == 0 {
        bail!("no test has such a name");
    }
    if !filtered && (tally.postgres == 0 || tally.sqlite == 0) {
        bail!("the tests must run on SQLite and on PostgreSQL");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Tally = Tally { passed: 9, failed: 0, ignored: 0, sqlite: 4, postgres: 4 };

    #[test]
    fn all_passed_on_both_databases_is_a_success() {
        assert!(verdict(&GOOD, false).is_ok());
    }

    #[test]
    fn a_database_without_tests_is_a_failure() {
        assert!(verdict(&Tally { postgres: 0, ..GOOD }, false).is_err());
        assert!(verdict(&Tally { sqlite: 0, ..GOOD }, false).is_err());
        assert!(verdict(&Tally { postgres: 0, ..GOOD }, true).is_ok());
    }

    #[test]
    fn a_skipped_or_failed_test_is_a_failure() {
        assert!(verdict(&Tally { ignored: 1, ..GOOD }, false).is_err());
        assert!(verdict(&Tally { failed: 1, ..GOOD }, true).is_err());
    }

    #[test]
    fn a_killed_test_program_counts_as_a_failure() {
        let tally = counted(Command::new("sh").args(["-c", "echo 'test a ... ok'; exit 101"])).unwrap();
        assert_eq!((tally.passed, tally.failed), (1, 1));
    }
}
