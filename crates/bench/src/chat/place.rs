//! Where a run takes place: cores, folders, our program.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::{
    args::ChatArgs,
    contestant::{Bare, Contestant, History, Name, Node, Teahouse},
    cores::Cores,
};

pub(super) struct Place {
    cores: Cores,
    /// Kept between runs: the installed peers.
    peers: PathBuf,
    /// Gone after the run: databases and logs.
    folder: TempDir,
    program: Option<PathBuf>,
}

impl Place {
    /// Makes the folders, and looks whether our program is there if it is to take part.
    pub(super) fn new(args: &ChatArgs, cores: Cores) -> anyhow::Result<Self> {
        let target = target_folder();
        let program = args.server.clone().unwrap_or_else(|| target.join("release/teahouse"));
        let ours = args.names().into_iter().any(Name::is_ours);
        ensure!(
            !ours || program.is_file(),
            "{} is not there: build it by `cargo build --release -p teahouse-server`, name another by --server, \
             or measure the others alone by --only node,bare",
            program.display()
        );
        let parent = args.data_dir.clone().unwrap_or_else(|| target.join("bench"));
        std::fs::create_dir_all(&parent).with_context(|| format!("creating {}", parent.display()))?;
        let folder = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(&parent)
            .with_context(|| format!("a folder for the run in {}", parent.display()))?;
        let program = if ours { Some(absolute(&program)?) } else { None };
        Ok(Self { cores, peers: absolute(&target)?.join("bench"), folder, program })
    }

    pub(super) fn cores(&self) -> Cores {
        self.cores
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// A server with nothing stored yet; what it stores and says is kept apart by `purpose`.
    pub(super) fn contestant(&self, name: Name, purpose: &str) -> anyhow::Result<Box<dyn Contestant>> {
        let folder = absolute(self.folder.path())?;
        let log = folder.join(format!("{purpose}-{name:?}.log"));
        let ours = |history| {
            let program = self.program.clone().context("our program was not asked for")?;
            let data = folder.join(format!("{purpose}-{name:?}"));
            anyhow::Ok(Box::new(Teahouse::new(self.cores, program, history, data)?))
        };
        Ok(match name {
            Name::Node => Box::new(Node::install(self.cores, self.peers.join("node"), log)?),
            Name::Bare => Box::new(Bare::new(self.cores, log)),
            Name::NoHistory => ours(History::Off)?,
            Name::History => ours(History::Kept)?,
        })
    }
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("where {} is", path.display()))
}
