//! Servers that messages flow through: started once, and measured in turns.

use std::collections::{HashMap, hash_map::Entry};

use anyhow::Context as _;

use crate::{
    args::Effort,
    contestant::{Contestant, Name},
    cores::Cores,
    flow::{self, Course},
    ledger::Layout,
    measure::{Flow, Measure},
    process::Server,
    traffic::Pace,
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
        let course = Course { layout, pace, effort: self.effort, cores: self.cores };
        let mut dialect = contestant.dialect();
        let tally = flow::run(course, contestant.as_mut(), server, &mut *dialect, || Ok(()))?;
        Ok(Measure::Flow(Flow::of(&tally)))
    }
}
