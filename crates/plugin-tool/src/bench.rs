//! `bench`: what a call takes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use teahouse_plugin_host::Metering;

use crate::cases::{CommandInput, EventInput, MessageInput, Runner, grouped, runtime};
use crate::command::Bench;
use crate::project::Project;
use crate::sandbox::{self, Manner, Sandbox};

/// Calls that are made before anything is measured.
const WARM_UP: u32 = 100;

pub(crate) fn run(bench: &Bench) -> Result<()> {
    let project = bench.component.at.project()?;
    let component = project.read_component(&bench.component)?;
    let settings = sandbox::settings(&project, bench.settings.as_ref())?;
    runtime()?.block_on(measure(&project, component, &settings, bench))
}

async fn measure(project: &Project, component: Vec<u8>, settings: &Value, bench: &Bench) -> Result<()> {
    let size = component.len();
    let sandbox = Sandbox::open(project, component, Metering::Time).await?;
    sandbox.house.begin(crate::house::START_MS, Vec::new()).await;
    let mut rows = Vec::new();
    for (name, fresh) in [("warm", false), ("fresh", true)] {
        // A fresh instance for each call is slower by far.
        let calls = if fresh { bench.calls.div_ceil(10) } else { bench.calls };
        rows.push(call_often(project, settings, &sandbox, Row { name, fresh, calls }, &bench.text).await?);
    }
    let snapshot = sandbox.telemetry.stats.snapshot();
    let host_calls = ratio(snapshot.host_calls, snapshot.hooks.iter().map(|hook| hook.calls).sum());
    let compiling = if sandbox.was_compiled { "read" } else { "compiled" };
    println!("component  {:>12}", grouped_unit(size.div_ceil(1024), "KiB"));
    println!("{compiling:<9}  {:>12}", milliseconds(sandbox.compile_time));
    println!("memory     {:>12}", grouped_unit(snapshot.memory_high_water_bytes / 1024, "KiB"));
    println!("host calls {host_calls:>10.1}    a call");
    println!("\na call            p50         p99      start       calls");
    rows.iter().for_each(|row| println!("{row}"));
    Ok(())
}

/// One line to be measured.
struct Row {
    name: &'static str,
    fresh: bool,
    calls: u32,
}

async fn call_often(
    project: &Project,
    settings: &Value,
    sandbox: &Sandbox,
    row: Row,
    text: &str,
) -> Result<String> {
    let start = Instant::now();
    let manner = Manner { fresh: row.fresh, patience: 10 };
    let grants = sandbox::all_asked(&project.manifest);
    let loaded = sandbox
        .load(project, settings, grants, manner)
        .await
        .map_err(|error| sandbox::explained(project, error))?;
    let started = start.elapsed();
    let mut runner = Runner::new(project, &loaded, &sandbox.house, manner.patience);
    let warm_up = WARM_UP.min(row.calls);
    let mut times = Vec::with_capacity(row.calls as usize);
    let bar = bar(row.name, row.calls);
    for call in 0..warm_up + row.calls {
        let before = runner.took();
        let answer = call_once(&mut runner, project, text).await?;
        if answer["verdict"] == "failure" || answer.get("error").is_some() {
            bar.finish_and_clear();
            bail!("a call failed: {answer}");
        }
        if call >= warm_up {
            times.push(runner.took() - before);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let [p50, p99] = quantiles(&mut times).map(microseconds);
    let calls = grouped(times.len() as u64);
    Ok(format!("{:<9}{p50:>12}{p99:>12}{:>11}{calls:>12}", row.name, milliseconds(started)))
}

async fn call_once(runner: &mut Runner<'_>, project: &Project, text: &str) -> Result<Value> {
    let message = MessageInput { text: text.to_owned(), ..MessageInput::default() };
    let manifest = &project.manifest;
    if manifest.hooks.filter.is_some() {
        return runner.check(message).await;
    }
    if manifest.hooks.gate.is_some() {
        return runner.check_user_name(text).await;
    }
    let event = match manifest.commands.first() {
        Some(command) => {
            EventInput::Command(CommandInput { name: command.name.clone(), ..CommandInput::default() })
        }
        None => EventInput::Posted(message),
    };
    runner.event(event, None).await
}

#[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

/// Half of the calls took no longer, and all but one in a hundred.
fn quantiles(times: &mut [Duration]) -> [Duration; 2] {
    times.sort_unstable();
    [50, 99].map(|percent| times[(times.len() * percent / 100).min(times.len() - 1)])
}

fn microseconds(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn grouped_unit(number: usize, unit: &str) -> String {
    format!("{} {unit}", grouped(number as u64))
}

fn bar(name: &'static str, calls: u32) -> ProgressBar {
    let bar = ProgressBar::new(calls.into()).with_prefix(name);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_quantiles() {
        let mut times: Vec<_> = (1..=100).rev().map(Duration::from_micros).collect();
        assert_eq!(quantiles(&mut times), [51, 100].map(Duration::from_micros));
        assert_eq!(quantiles(&mut [Duration::from_micros(7)]), [7, 7].map(Duration::from_micros));
    }

    #[test]
    fn times_have_their_units() {
        assert_eq!(microseconds(Duration::from_nanos(2_340)), "2.3 µs");
        assert_eq!(milliseconds(Duration::from_micros(16_040)), "16.04 ms");
        assert_eq!(grouped_unit(18_474, "KiB"), "18 474 KiB");
    }
}
