//! The tutorials' server on Node's `ws`, installed outside the source tree.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use super::{Contestant, Name, seats_by_number};
use crate::{
    cores::Cores,
    dialect::{Dialect, Raw, Seat},
    process::Server,
};

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../peers/node/package.json")),
    ("package-lock.json", include_str!("../../peers/node/package-lock.json")),
    ("server.mjs", include_str!("../../peers/node/server.mjs")),
];

pub(crate) struct Node {
    cores: Cores,
    folder: PathBuf,
    log: PathBuf,
}

impl Node {
    /// Installs the server in `folder`, unless it stands there already.
    pub(crate) fn install(cores: Cores, folder: PathBuf, log: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let mut changed = !folder.join("node_modules/ws").is_dir();
        for (name, text) in FILES {
            changed |= write_if_changed(&folder.join(name), text)?;
        }
        if changed {
            npm_ci(&folder)?;
        }
        Ok(Self { cores, folder, log })
    }
}

/// Node's version, as the report states it.
pub(crate) fn version() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl Contestant for Node {
    fn name(&self) -> Name {
        Name::Node
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(Raw::default())
    }

    fn start(&mut self) -> anyhow::Result<Server> {
        Server::start(self.cores, Command::new("node").arg("server.mjs").current_dir(&self.folder), &self.log)
    }

    fn seats(&mut self, _server: &Server, rooms: usize, members: usize) -> anyhow::Result<Vec<Seat>> {
        Ok(seats_by_number(rooms, members))
    }
}

fn write_if_changed(path: &Path, text: &str) -> anyhow::Result<bool> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(false);
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(true)
}

fn npm_ci(folder: &Path) -> anyhow::Result<()> {
    let output = Command::new("npm")
        .args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .output()
        .context(
            "running npm: the comparison needs Node and npm (or name the servers to measure by --only)",
        )?;
    ensure!(
        output.status.success(),
        "npm ci in {} failed:\n{}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
