//! The bare loop: this same program, in another mode.

use std::{path::PathBuf, process::Command};

use anyhow::Context as _;

use super::{Contestant, Name, seats_by_number};
use crate::{
    cores::Cores,
    dialect::{Dialect, Raw, Seat},
    process::Server,
};

pub(crate) struct Bare {
    cores: Cores,
    log: PathBuf,
}

impl Bare {
    /// One whose complaints go to the file `log`.
    pub(crate) fn new(cores: Cores, log: PathBuf) -> Self {
        Self { cores, log }
    }
}

impl Contestant for Bare {
    fn name(&self) -> Name {
        Name::Bare
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(Raw::default())
    }

    fn start(&mut self) -> anyhow::Result<Server> {
        let program = std::env::current_exe().context("the path of this program")?;
        Server::start(self.cores, Command::new(program).arg("bare-server"), &self.log)
    }

    fn seats(&mut self, _server: &Server, rooms: usize, members: usize) -> anyhow::Result<Vec<Seat>> {
        Ok(seats_by_number(rooms, members))
    }
}
