//! `teahouse-bench chat`: every scenario, every server, in turns.

mod flow;
mod gathering;
mod lineup;
mod returning;

use anyhow::Context as _;

use crate::{
    aims,
    args::{ChatArgs, Effort},
    contestant::{Contestant, Name},
    machine::{self, Machine},
    measure::Measure,
    outcome::{Entry, Outcome},
    report,
    scenario::{Method, Scenario},
};
use flow::Field;
use gathering::Gathering;
use lineup::Lineup;
use returning::Returning;

/// Runs what was asked for, and prints it as it comes; `false` if anything was lost, doubled or misordered.
pub(crate) fn run(args: &ChatArgs) -> anyhow::Result<bool> {
    let effort = args.stage.effort();
    machine::allow_many_files(args.throng().idle_connections.max(args.throng().returning))?;
    let lineup = Lineup::new(args)?;
    let machine = Machine::look(lineup.cores(), lineup.folder(), lineup.program());
    report::print_head(&machine, &effort);

    let mut bench = Bench { args, effort, lineup, field: None, gathering: None, returning: None };
    let mut outcomes = Vec::new();
    for scenario in args.scenarios() {
        if let Some(outcome) =
            bench.measure(scenario).with_context(|| format!("scenario {}", scenario.title()))?
        {
            report::print_outcome(&outcome);
            outcomes.push(outcome);
        }
    }
    let verdicts = aims::judge(&outcomes);
    report::print_verdicts(&verdicts);
    if let Some(path) = &args.stage.json {
        report::write_json(path, &machine, &effort, &outcomes, &verdicts)?;
    }
    let clean = outcomes.iter().all(|outcome| outcome.faults().none());
    report::print_end(clean);
    Ok(clean)
}

/// The servers of a run, started when the first scenario needs them.
struct Bench<'a> {
    args: &'a ChatArgs,
    effort: Effort,
    lineup: Lineup,
    field: Option<Field>,
    gathering: Option<Gathering>,
    returning: Option<Returning>,
}

impl Bench<'_> {
    /// The scenario's medians; `None` where none of the servers asked for takes part.
    fn measure(&mut self, scenario: Scenario) -> anyhow::Result<Option<Outcome>> {
        let names: Vec<_> = self.args.names().into_iter().filter(|name| scenario.concerns(*name)).collect();
        if names.is_empty() {
            return Ok(None);
        }
        let mut repetitions: Vec<(Name, Vec<Measure>)> =
            names.iter().map(|name| (*name, Vec::new())).collect();
        for repetition in 0..self.effort.reps as usize {
            for turn in 0..names.len() {
                // Nobody always comes first, or always after the same one.
                let (name, measures) = &mut repetitions[(turn + repetition) % names.len()];
                measures.push(self.measure_once(scenario, *name)?);
            }
        }
        let entries = repetitions
            .iter()
            .filter_map(|(name, all)| Some(Entry { server: *name, measure: Measure::median(all)? }))
            .collect();
        Ok(Some(Outcome { scenario, title: scenario.title(), entries }))
    }

    fn measure_once(&mut self, scenario: Scenario, name: Name) -> anyhow::Result<Measure> {
        let cores = self.lineup.cores();
        match scenario.method() {
            Method::Flow(layout, pace) => {
                self.field()?.flow(name, layout, pace).with_context(|| name.title().to_owned())
            }
            Method::Idle => self.gathering()?.idle(name, cores).with_context(|| name.title().to_owned()),
            Method::Connects => {
                self.gathering()?.connects(name, cores).with_context(|| name.title().to_owned())
            }
            Method::Returns { missed } => {
                self.returning(name)?.come(cores, missed).with_context(|| name.title().to_owned())
            }
        }
    }

    fn field(&mut self) -> anyhow::Result<&mut Field> {
        if self.field.is_none() {
            let contestants = self.contestants("field")?;
            self.field = Some(Field::new(self.lineup.cores(), self.effort, contestants));
        }
        self.field.as_mut().context("the field was just made")
    }

    fn gathering(&mut self) -> anyhow::Result<&mut Gathering> {
        if self.gathering.is_none() {
            // The servers of the flowing scenarios have done their part.
            self.field = None;
            let with_idle = self.args.scenarios().contains(&Scenario::Idle);
            let contestants = self.contestants("gathering")?;
            self.gathering = Some(Gathering::new(self.args.throng(), with_idle, contestants));
        }
        self.gathering.as_mut().context("the gathering was just made")
    }

    fn returning(&mut self, name: Name) -> anyhow::Result<&mut Returning> {
        if self.returning.is_none() {
            (self.field, self.gathering) = (None, None);
            let contestant = self.lineup.contestant(name, "returning")?;
            self.returning = Some(Returning::new(contestant, self.args.throng())?);
        }
        self.returning.as_mut().context("they were just made")
    }

    fn contestants(&self, purpose: &str) -> anyhow::Result<Vec<Box<dyn Contestant>>> {
        self.args.names().into_iter().map(|name| self.lineup.contestant(name, purpose)).collect()
    }
}
