//! A PostgreSQL cluster of our own: in a temporary folder, on a free loopback port, gone when we are.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::process::{find_program, is_root, read, say};

/// Databases that tests hold open at once, each with a pool.
const MAX_CONNECTIONS: u16 = 400;

/// A running cluster; ends when dropped, and also when this process is killed.
pub(crate) struct Cluster {
    /// Where its databases are; ends with the maintenance database.
    pub(crate) url: String,
    /// Folder of its programs.
    pub(crate) programs: PathBuf,
    guard: Child,
}

/// The folder with `initdb` and `pg_ctl`: Debian keeps them out of `PATH`, one folder a version.
pub(crate) fn programs() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
        .collect();
    found.sort();
    let in_path = || find_program("initdb").and_then(|file| file.parent().map(Path::to_path_buf));
    found.pop().map(|(_, folder)| folder).or_else(in_path).context("PostgreSQL's server is not installed")
}

impl Cluster {
    /// Makes and starts it. It takes about two seconds.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs()?;
        let folder = make_folder()?;
        let guard = guard(&programs, &folder)?;
        let port = free_port()?;
        let cluster = Self { url: format!("postgres://teahouse@127.0.0.1:{port}/postgres"), programs, guard };
        initialise(&cluster.programs, &folder)?;
        start(&cluster.programs, &folder, port)?;
        say(&format!("PostgreSQL runs on 127.0.0.1:{port}"));
        Ok(cluster)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if self.guard.wait().is_err() {
            say("PostgreSQL may still be running");
        }
    }
}

/// Postgres refuses to run as root; its package brings a user for it.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
    command
}

/// A folder of the user that will run the cluster.
fn make_folder() -> Result<PathBuf> {
    let made = read(as_postgres(Path::new("mktemp")).args(["-d", "--tmpdir", "teahouse-postgres.XXXXXX"]))?;
    Ok(PathBuf::from(made.trim_end()))
}

fn initialise(programs: &Path, folder: &Path) -> Result<()> {
    // `trust` is enough: only loopback is listened on, and all that is inside are tests.
    read(as_postgres(&programs.join("initdb")).arg("--pgdata").arg(folder).args([
        "--username=teahouse",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]))
    .context("PostgreSQL could not make its cluster")
    .map(drop)
}

fn start(programs: &Path, folder: &Path, port: u16) -> Result<()> {
    // fsync and synchronous_commit stay on: the crash tests are about what they promise.
    let settings = [
        format!("-c port={port}"),
        "-c listen_addresses=127.0.0.1".into(),
        format!("-c unix_socket_directories={}", folder.display()),
        format!("-c max_connections={MAX_CONNECTIONS}"),
        "-c shared_buffers=64MB".into(),
        "-c max_wal_size=2GB".into(),
        "-c autovacuum=off".into(),
    ];
    let log = folder.join("log");
    // The server inherits what pg_ctl prints to; a pipe would keep us waiting for its end.
    let status = as_postgres(&programs.join("pg_ctl"))
        .arg("--pgdata")
        .arg(folder)
        .arg("--log")
        .arg(&log)
        .args(["--wait", "--silent", "--options", &settings.join(" "), "start"])
        .stdin(Stdio::null())
        .status()?;
    if !status.success() {
        let words = std::fs::read_to_string(log).unwrap_or_default();
        bail!("PostgreSQL did not start:\n{words}");
    }
    Ok(())
}

/// A process that waits for the end of its input, which is our end, and then stops the cluster and
/// removes its folder. In a group of its own, so that Ctrl-C ends us and not it.
fn guard(programs: &Path, folder: &Path) -> Result<Child> {
    use std::os::unix::process::CommandExt as _;
    let script = r#"read -r _; "$1" --pgdata "$2" --mode immediate --silent stop; rm -rf "$2""#;
    as_postgres(Path::new("sh"))
        .args(["-c", script, "sh"])
        .arg(programs.join("pg_ctl"))
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("could not start the process that ends PostgreSQL")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
