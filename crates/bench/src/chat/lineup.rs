//! Who takes part, and where each keeps its things.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::{
    args::ChatArgs,
    contestant::{Bare, Contestant, History, Name, Node, Teahouse},
    cores::Cores,
    place::{self, Place},
};

pub(super) struct Lineup {
    place: Place,
    program: Option<PathBuf>,
}

impl Lineup {
    /// Makes the folders, and looks whether our program is there if it is to take part.
    pub(super) fn new(args: &ChatArgs) -> anyhow::Result<Self> {
        let ours = args.names().into_iter().any(Name::is_ours);
        let program = if ours {
            Some(
                place::program(&args.stage)
                    .context("our server takes part (for the others alone: --only node,bare)")?,
            )
        } else {
            None
        };
        Ok(Self { place: Place::new(&args.stage)?, program })
    }

    pub(super) fn cores(&self) -> Cores {
        self.place.cores()
    }

    pub(super) fn folder(&self) -> &Path {
        self.place.folder()
    }

    pub(super) fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// A server with nothing stored yet; what it stores and says is kept apart by `purpose`.
    pub(super) fn contestant(&self, name: Name, purpose: &str) -> anyhow::Result<Box<dyn Contestant>> {
        let cores = self.cores();
        let folder = self.folder();
        let log = folder.join(format!("{purpose}-{name:?}.log"));
        let ours = |history| {
            let program = self.program.clone().context("our program was not asked for")?;
            let data = folder.join(format!("{purpose}-{name:?}"));
            Teahouse::new(cores, program, history, data)
        };
        Ok(match name {
            Name::Node => Box::new(Node::install(cores, self.place.target().join("bench/node"), log)?),
            Name::Bare => Box::new(Bare::new(cores, log)),
            Name::NoHistory => Box::new(ours(History::Off)?),
            Name::History => Box::new(ours(History::Kept)?),
            Name::Default => Box::new(ours(History::Kept)?.with_bundled()),
        })
    }
}
