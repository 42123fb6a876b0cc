//! `bench`: what a call takes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::cases::{CommandInput, EventInput, MessageInput, Runner, runtime};
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
    let sandbox = Sandbox::open(project, component).await?;
    sandbox.house.begin(crate::house::START_MS, Vec::new()).await;
    println!("component      {} KiB", size.div_ceil(1024));
    println!("compiled in    {} ms (or read, when it was compiled before)", sandbox.compile_time.as_millis());
    let grants = sandbox::all_asked(&project.manifest);
    for (name, fresh) in [("warm", false), ("fresh", true)] {
        let start = Instant::now();
        let manner = Manner { fresh, patience: 10 };
        let loaded = sandbox.load(project, settings, grants, manner).await.map_err(sandbox::explained)?;
        let started = start.elapsed();
        let mut runner = Runner::new(project, &loaded, &sandbox.house, manner.patience);
        // A fresh instance for each call is slower by far.
        let calls = if fresh { bench.calls.div_ceil(10) } else { bench.calls };
        let mut times = Vec::with_capacity(calls as usize);
        let bar = bar(name, calls);
        for call in 0..WARM_UP.min(calls) + calls {
            let before = runner.took();
            let answer = call_once(&mut runner, project, &bench.text).await?;
            if answer["verdict"] == "failure" || answer.get("error").is_some() {
                bar.finish_and_clear();
                bail!("a call failed: {answer}");
            }
            if call >= WARM_UP.min(calls) {
                times.push(runner.took() - before);
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        println!("started in     {:.2} ms ({name})", started.as_secs_f64() * 1000.0);
        println!("a {name} call    {}", figures(&mut times));
    }
    let snapshot = sandbox.telemetry.stats.snapshot();
    println!("memory         {} KiB at most", snapshot.memory_high_water_bytes / 1024);
    println!(
        "host calls     {:.1} a call",
        ratio(snapshot.host_calls, snapshot.hooks.iter().map(|hook| hook.calls).sum())
    );
    Ok(())
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

fn figures(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e6;
    format!("p50 {:.1} µs, p99 {:.1} µs, over {} calls", at(50), at(99), times.len())
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
        assert_eq!(figures(&mut times), "p50 51.0 µs, p99 100.0 µs, over 100 calls");
        assert_eq!(figures(&mut [Duration::from_micros(7)]), "p50 7.0 µs, p99 7.0 µs, over 1 calls");
    }
}
