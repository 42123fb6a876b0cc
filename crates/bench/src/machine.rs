//! What the figures were seen on: without it they mean nothing.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    statfs::statfs,
};
use serde::Serialize;

use crate::{contestant, cores::Cores};

/// Files that a process needs beside its connections.
const SPARE_FILES: u64 = 1000;

/// Machine, cores, versions.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) kernel: String,
    pub(crate) cores: Cores,
    pub(crate) node: Option<String>,
    pub(crate) teahouse: Option<String>,
    pub(crate) data_file_system: String,
}

impl Machine {
    /// Looks; what cannot be seen is said to be unknown.
    pub(crate) fn look(cores: Cores, data: &Path, program: Option<&Path>) -> Self {
        Self {
            processor: processor().unwrap_or_else(|| "unknown".to_owned()),
            kernel: read_line("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".to_owned()),
            cores,
            node: contestant::node_version(),
            teahouse: program.and_then(contestant::teahouse_version),
            data_file_system: statfs(data)
                .map_or_else(|_| "unknown".to_owned(), |fs| file_system(fs.filesystem_type().0 as u64)),
        }
    }
}

/// Lets this process and those that it starts have `connections` sockets open, and some files besides.
pub(crate) fn allow_many_files(connections: usize) -> anyhow::Result<()> {
    let wanted = connections as u64 + SPARE_FILES;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("getrlimit")?;
    if soft >= wanted {
        return Ok(());
    }
    // Beyond the hard limit only root may go.
    let allowed = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted));
    ensure!(allowed.is_ok(), "{wanted} open files are needed and {hard} allowed (see `ulimit -Hn`)");
    Ok(())
}

fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let model = info.lines().find_map(|line| line.strip_prefix("model name"))?;
    let count = info.lines().filter(|line| line.starts_with("processor")).count();
    Some(format!("{} × {count}", model.trim_start_matches([' ', '\t', ':'])))
}

fn read_line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// Names of statfs(2).
fn file_system(magic: u64) -> String {
    match magic {
        0xEF53 => "ext4".to_owned(),
        0x5846_5342 => "xfs".to_owned(),
        0x9123_683E => "btrfs".to_owned(),
        0x794C_7630 => "overlay".to_owned(),
        0x0102_1994 => "tmpfs (in memory: commits cost less than they should)".to_owned(),
        other => format!("{other:#x}"),
    }
}
