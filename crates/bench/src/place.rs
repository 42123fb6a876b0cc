//! Where a run takes place: cores, folders, our program.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::{args::Stage, cores::Cores};

pub(crate) struct Place {
    cores: Cores,
    /// Where everything is built, and kept between runs.
    target: PathBuf,
    /// Gone after the run: databases and logs.
    folder: TempDir,
}

impl Place {
    /// Chooses the cores, and makes the folders.
    pub(crate) fn new(stage: &Stage) -> anyhow::Result<Self> {
        let cores = Cores::choose(stage.server_core, stage.client_core)?;
        cores.stay()?;
        let target = target_folder();
        let parent = stage.data_dir.clone().unwrap_or_else(|| target.join("bench"));
        std::fs::create_dir_all(&parent).with_context(|| format!("creating {}", parent.display()))?;
        let folder = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(absolute(&parent)?)
            .with_context(|| format!("a folder for the run in {}", parent.display()))?;
        Ok(Self { cores, target: absolute(&target)?, folder })
    }

    pub(crate) fn cores(&self) -> Cores {
        self.cores
    }

    /// What is built, and kept between runs.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Gone after the run.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Where our program is; an error unless it is there.
pub(crate) fn program(stage: &Stage) -> anyhow::Result<PathBuf> {
    let program = stage.server.clone().unwrap_or_else(|| target_folder().join("release/teahouse"));
    ensure!(
        program.is_file(),
        "{} is not there: build it by `cargo build --release -p teahouse-server`, or name another by --server",
        program.display()
    );
    absolute(&program)
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

pub(crate) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("where {} is", path.display()))
}
