//! Servers that messages flow through: started once, and measured in turns.

use std::collections::{HashMap, hash_map::Entry};

use anyhow::Context as _;

use crate::{
    args::Effort,
    contestant::{Contestant, Name},
    cores::Cores,
    crowd::Crowd,
    ledger::Layout,
    measure::{Flow, Measure},
    meter::Meter,
    process::Server,
    traffic::{self, Pace, Plan},
};

pub(super) struct Field {
    cores: Cores,
    effort: Effort,
    contestants: Vec<Box<dyn Contestant>>,
    running: HashMap<Name, Server>,
}

impl Field {
    pub(super) fn new(cores: Cores, effort: Effort, contestants: Vec<Box<dyn Contestant>>) -> Self {
        Self { cores, effort, contestants, running: HashMap::new() }
    }

    /// One repetition on one server, with connections of its own.
    pub(super) fn flow(&mut self, name: Name, layout: Layout, pace: Pace) -> anyhow::Result<Measure> {
        let contestant = self
            .contestants
            .iter_mut()
            .find(|c| c.name() == name)
            .context("a server that was not asked for")?;
        let server = match self.running.entry(name) {
            Entry::Occupied(there) => &*there.into_mut(),
            Entry::Vacant(none) => &*none.insert(contestant.start()?),
        };
        let seats = contestant.seats(server, layout.rooms, layout.members)?;
        let mut dialect = contestant.dialect();
        let mut crowd = Crowd::new(server.address)?;
        crowd.seat_all(&seats, &*dialect)?;
        let plan = Plan { layout, pace, warm_up: self.effort.warm_up, window: self.effort.window };
        let meter = Meter { cores: self.cores, server: server.pid() };
        let tally = traffic::run(plan, crowd, &seats, &mut *dialect, meter)?;
        Ok(Measure::Flow(Flow::of(&tally)))
    }
}
