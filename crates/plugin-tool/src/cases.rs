//! `test`: the cases of `cases.jsonl`, each a few calls with what is expected of them.

mod input;
mod judge;
mod matching;
mod read;
mod run;
mod shown;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use teahouse_plugin_host::{Loaded, LogLevel, LogLine, Metering};

pub(crate) use input::{CommandInput, EventInput, MessageInput, UserInput};
pub(crate) use judge::unexpected;
pub(crate) use run::Runner;

use crate::Misused;
use crate::command::Test;
use crate::project::{Project, read_text};
use crate::sandbox::{self, Manner, Sandbox};
use read::Case;

/// How much longer than on a server a call may take, unless the author wants it strict.
const PATIENCE: u32 = 10;

/// How a case went.
struct Outcome {
    /// What was not as expected.
    wrong: Vec<String>,
    /// The last call's answer in a word or two.
    answer: String,
    took: Duration,
    /// The longest call, when it took longer than a server would let it.
    slow: Option<Duration>,
    host_calls: u32,
    memory_bytes: usize,
    /// What each call cost, where that is counted.
    fuel: Vec<u64>,
    log: Vec<LogLine>,
}

/// What the author wants of the run.
#[derive(Clone, Copy)]
struct Wanted {
    manner: Manner,
    metering: Metering,
    max_fuel: Option<u64>,
}

pub(crate) fn run(test: &Test) -> Result<()> {
    let project = test.component.at.project()?;
    let component = project.read_component(&test.component)?;
    let file = test.cases.clone().unwrap_or_else(|| project.folder.join("cases.jsonl"));
    if !file.is_file() {
        return Err(Misused::because(format!(
            "{} is not there: write one case a line, such as {{\"name\": \"tea is fine\", \"text\": \"tea\", \
             \"expect\": \"allow\"}}",
            file.display()
        )));
    }
    let mut cases = read::cases(&read_text(&file)?)?;
    cases.retain(|case| test.filter.as_ref().is_none_or(|filter| case.name.contains(filter)));
    if cases.is_empty() {
        return Err(Misused::because("there is no such case"));
    }
    let counts_fuel = test.fuel || test.max_fuel.is_some();
    let wanted = Wanted {
        manner: Manner { fresh: test.fresh, patience: if test.strict { 1 } else { PATIENCE } },
        metering: if counts_fuel { Metering::Fuel } else { Metering::Time },
        max_fuel: test.max_fuel,
    };
    runtime()?.block_on(all(&project, component, &cases, wanted))
}

/// What the commands that call plugins run on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

async fn all(project: &Project, component: Vec<u8>, cases: &[Case], wanted: Wanted) -> Result<()> {
    let mut tester = Tester::new(project, component, wanted).await?;
    let mut failed = 0;
    for case in cases {
        let outcome = tester.run(case).await;
        failed += usize::from(!outcome.wrong.is_empty());
        print(case, &outcome);
    }
    let passed = cases.len() - failed;
    println!("\n{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{failed} of {} cases failed", cases.len());
    }
    Ok(())
}

/// A plugin under test: one instance for each set of settings, as long as the cases don't ask for fresh ones.
struct Tester<'p> {
    project: &'p Project,
    sandbox: Sandbox,
    wanted: Wanted,
    loaded: HashMap<String, Arc<Loaded>>,
}

impl<'p> Tester<'p> {
    async fn new(project: &'p Project, component: Vec<u8>, wanted: Wanted) -> Result<Self> {
        let sandbox = Sandbox::open(project, component, wanted.metering).await?;
        Ok(Self { project, sandbox, wanted, loaded: HashMap::new() })
    }

    async fn run(&mut self, case: &Case) -> Outcome {
        let before = self.last_line();
        let mut outcome = match self.try_run(case).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                wrong: vec![format!("{error:#}")],
                answer: "not run".into(),
                took: Duration::ZERO,
                slow: None,
                host_calls: 0,
                memory_bytes: 0,
                fuel: Vec::new(),
                log: Vec::new(),
            },
        };
        outcome.wrong.extend(too_dear(&outcome.fuel, self.wanted.max_fuel));
        outcome.log = self.sandbox.telemetry.log.after(before, LogLevel::Debug, usize::MAX);
        outcome
    }

    async fn try_run(&mut self, case: &Case) -> Result<Outcome> {
        let house = Arc::clone(&self.sandbox.house);
        house.begin(case.at_ms, case.http.clone()).await;
        let loaded = self.load(case).await?;
        let grants =
            case.grants.as_ref().map(|names| names.iter().copied().filter_map(sandbox::capability).collect());
        loaded.set_grants(grants.unwrap_or_else(|| sandbox::all_asked(&self.project.manifest)));
        for person in &case.people {
            house.meet_user(&person.user(), None, person.role()).await;
        }
        Runner::new(self.project, &loaded, &house, self.wanted.manner.patience).run(&case.calls).await
    }

    async fn load(&mut self, case: &Case) -> Result<Arc<Loaded>> {
        let settings = sandbox::complete(self.project, &case.config)?;
        let key = settings.to_string();
        if let Some(loaded) = self.loaded.get(&key) {
            return Ok(Arc::clone(loaded));
        }
        let grants = sandbox::all_asked(&self.project.manifest);
        let loaded = self.sandbox.load(self.project, &settings, grants, self.wanted.manner).await;
        let loaded = loaded.map_err(|error| sandbox::explained(self.project, error))?;
        self.loaded.insert(key, Arc::clone(&loaded));
        Ok(loaded)
    }

    fn last_line(&self) -> u64 {
        self.sandbox.telemetry.log.newest(LogLevel::Debug, 1).last().map_or(0, |line| line.id)
    }
}

fn print(case: &Case, outcome: &Outcome) {
    let word = if outcome.wrong.is_empty() { "ok    " } else { "FAILED" };
    println!(
        "{word} {}\n       {} · {} µs · {} host calls · {} KiB{}",
        case.name,
        outcome.answer,
        outcome.took.as_micros(),
        outcome.host_calls,
        outcome.memory_bytes / 1024,
        fuel(&outcome.fuel)
    );
    if let Some(took) = outcome.slow {
        println!("       slow: a call took {} ms, a server would have cut it off", took.as_millis());
    }
    for line in &outcome.log {
        println!("       log {}: {}", level(line.level), line.text);
    }
    for wrong in &outcome.wrong {
        for (index, line) in wrong.lines().enumerate() {
            println!("       {}{line}", if index == 0 { "✗ " } else { "  " });
        }
    }
}

/// The cost of each call: `2 105`, or `9 000 (3 calls: 5 000, 2 000, 2 000)`.
fn fuel(calls: &[u64]) -> String {
    match calls {
        [] => String::new(),
        [one] => format!(" · {} fuel", grouped(*one)),
        many => {
            let each: Vec<_> = many.iter().copied().map(grouped).collect();
            format!(" · {} fuel ({} calls: {})", grouped(many.iter().sum()), many.len(), each.join(", "))
        }
    }
}

/// The first call that costs more than it may.
fn too_dear(calls: &[u64], most: Option<u64>) -> Option<String> {
    let most = most?;
    let (index, fuel) = calls.iter().enumerate().find(|(_, fuel)| **fuel > most)?;
    let place = if calls.len() > 1 { format!("call {}: ", index + 1) } else { String::new() };
    Some(format!("{place}it costs {} fuel, more than {}", grouped(*fuel), grouped(most)))
}

/// With a gap between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_told_for_the_case_and_for_each_call() {
        assert_eq!(fuel(&[]), "");
        assert_eq!(fuel(&[1_234_567]), " · 1 234 567 fuel");
        assert_eq!(fuel(&[999, 1_000]), " · 1 999 fuel (2 calls: 999, 1 000)");
    }

    #[test]
    fn a_call_that_costs_too_much_is_named() {
        assert_eq!(too_dear(&[10, 20], None), None);
        assert_eq!(too_dear(&[10, 20], Some(20)), None);
        assert_eq!(too_dear(&[10, 2_021], Some(20)).unwrap(), "call 2: it costs 2 021 fuel, more than 20");
        assert_eq!(too_dear(&[21], Some(20)).unwrap(), "it costs 21 fuel, more than 20");
    }
}
