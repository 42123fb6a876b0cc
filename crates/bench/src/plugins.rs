//! `teahouse-bench plugins`: what filters add to a message, side by side in one run, and what a call, an idle plugin
//! and a start with many of them cost.

mod aims;
mod calls;
mod crew;
mod figures;
mod house;
mod looks;
mod packages;
mod report;
mod start;
mod subject;
mod words;

pub(crate) use subject::Subject;

use anyhow::Context as _;

use crate::{
    args::{Effort, PluginsArgs},
    flow::Course,
    machine::{self, Machine},
    place::{self, Place},
};
use crew::Crew;
use figures::{Outcome, Turn};
use house::House;
use packages::Packages;
use subject::{Matter, Situation};

/// Runs what was asked for, and prints it as it comes; `false` if anything was lost, doubled or misordered, or passed
/// by a filter without its having looked.
pub(crate) fn run(args: &PluginsArgs) -> anyhow::Result<bool> {
    let effort = args.stage.effort();
    let program = place::program(&args.stage)?;
    machine::allow_many_files(subject::MOST_CONNECTIONS)?;
    let place = Place::new(&args.stage)?;
    let machine = Machine::look(place.cores(), place.folder(), Some(&program));
    report::print_head(&machine, &effort);
    let packages = Packages::new(args, &place, program)?;
    let mut bench = Bench { args, effort, place, packages, houses: Vec::new() };
    let mut outcomes = Vec::new();
    for subject in args.subjects() {
        let outcome = bench.measure(subject).with_context(|| subject.title())?;
        report::print_outcome(&outcome);
        outcomes.push(outcome);
    }
    let verdicts = aims::judge(&outcomes);
    report::print_verdicts(&verdicts);
    if let Some(path) = &args.stage.json {
        report::write_json(path, &machine, &effort, &outcomes, &verdicts)?;
    }
    let clean = outcomes.iter().all(Outcome::is_clean);
    report::print_end(clean);
    Ok(clean)
}

struct Bench<'a> {
    args: &'a PluginsArgs,
    effort: Effort,
    place: Place,
    packages: Packages,
    /// Servers that messages flow through, opened when they are first needed.
    houses: Vec<House>,
}

impl Bench<'_> {
    fn measure(&mut self, subject: Subject) -> anyhow::Result<Outcome> {
        match subject.matter() {
            Matter::Flow(situation) => self.flow(subject, situation),
            Matter::Calls => {
                // Those have had their turn, and would only be in the way.
                self.houses.clear();
                let call = calls::program(self.args, &self.place)?;
                calls::measure(&call, &self.packages, &self.place, self.args).map(Outcome::Calls)
            }
            Matter::Start => {
                self.houses.clear();
                start::measure(&self.packages, &self.place, self.args).map(Outcome::Start)
            }
        }
    }

    fn flow(&mut self, subject: Subject, situation: Situation) -> anyhow::Result<Outcome> {
        let crews = situation.crews;
        let mut repetitions = Vec::new();
        for repetition in 0..self.effort.reps as usize {
            let mut turns = Vec::new();
            for turn in 0..crews.len() {
                // Nobody always comes first, or always after the same one.
                let crew = crews[(turn + repetition) % crews.len()];
                turns.push(self.turn(situation, crew).with_context(|| crew.title())?);
            }
            repetitions.push(turns);
        }
        Ok(figures::flowed(subject, crews, &repetitions))
    }

    fn turn(&mut self, situation: Situation, crew: Crew) -> anyhow::Result<Turn> {
        let Situation { layout, pace, prose, .. } = situation;
        let course = Course { layout, pace, effort: self.effort, cores: self.place.cores() };
        if !self.houses.iter().any(|house| house.crew() == crew) {
            self.houses.push(House::open(crew, &self.packages, &self.place)?);
        }
        let house = self.houses.iter_mut().find(|house| house.crew() == crew);
        house.context("the house was just opened")?.turn(course, prose)
    }
}
