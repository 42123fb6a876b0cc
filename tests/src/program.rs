//! The programs that the tests start: the server itself, Node with the client packages, the Python tools.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::process::Command;

/// The binary under test: `TEAHOUSE_BIN`, or what cargo has built, or builds now, beside this test.
pub(crate) fn teahouse() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("TEAHOUSE_BIN").map_or_else(build, PathBuf::from))
}

/// Builds it with the profile that this test was built with, so that cargo has little to do.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let built = test.parent().and_then(Path::parent).expect("target/debug/deps/TEST").join("teahouse");
    let status = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["build", "--quiet", "--package", "teahouse-server"])
        .stdin(Stdio::null())
        .status()
        .expect("cargo runs");
    assert!(status.success() && built.is_file(), "the server was not built at {}", built.display());
    built
}

/// Runs a script of these tests in Node; returns what it printed. Its packages lie in its folder's `node_modules`,
/// where `cargo xtask test` puts them.
///
/// # Panics
/// When it fails; shows all that it printed.
pub async fn node(script: &str, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new("node");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).envs(environment.iter().copied());
    read(&mut command).await
}

/// Runs a program of the Python environment to its end; returns what it printed.
///
/// # Panics
/// When it fails; shows all that it printed.
pub async fn run_venv(name: &str, arguments: &[&str]) -> String {
    // Tools that leave reports or caches behind leave them here.
    let folder = tempfile::tempdir().expect("a folder");
    read(venv_program(name).args(arguments).current_dir(folder.path())).await
}

/// What a command of the binary said.
#[derive(Debug)]
pub struct Output {
    /// Its exit status.
    pub code: i32,
    /// On standard output.
    pub printed: String,
    /// On standard error.
    pub errors: String,
}

/// Runs the binary in an empty folder, with these variables and no other of ours.
///
/// # Panics
/// When it does not start, or a signal ended it.
pub async fn program_output(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(teahouse());
    command.args(arguments).current_dir(folder.path()).envs(environment.iter().copied());
    Output::of(&mut command).await
}

impl Output {
    pub(crate) async fn of(command: &mut Command) -> Self {
        let output =
            command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("the binary starts");
        Self {
            code: output.status.code().expect("an exit status"),
            printed: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A program of the Python environment that `cargo xtask test` makes.
pub(crate) fn venv_program(name: &str) -> Command {
    let venv = std::env::var_os("TEAHOUSE_TEST_VENV")
        .expect("TEAHOUSE_TEST_VENV names no folder; `cargo xtask test` makes one");
    Command::new(Path::new(&venv).join("bin").join(name))
}

/// Runs to the end; fails with all that it printed.
pub(crate) async fn read(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|error| panic!("could not start {command:?}: {error}"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed ({}):\n{printed}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}
