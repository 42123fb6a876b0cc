//! The server's own start: without plugins, and with many that were compiled before.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{crew::Crew, house, packages::Packages};
use crate::{args::PluginsArgs, contestant::Teahouse, measure::median, place::Place, usage};

/// Plugins of the server that has many.
const PLUGINS: u16 = 100;
/// How long a server has to put away what it needed for starting.
const SETTLE: Duration = Duration::from_millis(500);

/// Both servers' starts.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Start {
    pub(super) plugins: u16,
    pub(super) without: Started,
    pub(super) with: Started,
}

/// One server's, medians of repetitions.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Started {
    /// From the program's start to the line that says where it listens.
    pub(super) wall_ms: f64,
    /// Processor time up to then.
    pub(super) processor_ms: f64,
    /// Resident memory when idle.
    pub(super) resident_kib: f64,
}

impl Start {
    /// What one idle plugin keeps.
    pub(super) fn kib_each(&self) -> f64 {
        (self.with.resident_kib - self.without.resident_kib) / f64::from(self.plugins)
    }
}

/// Starts both in turns.
pub(super) fn measure(packages: &Packages, place: &Place, args: &PluginsArgs) -> anyhow::Result<Start> {
    let many = Crew::Noops(PLUGINS);
    let bare = house::prepare(Crew::NOBODY, packages, place, "start-without")?;
    let full = house::prepare(many, packages, place, "start-with")?;
    // The first start may compile: that is not what is asked.
    house::start(&full, many)?.stop()?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..args.stage.effort().reps {
        without.push(once(&bare, Crew::NOBODY)?);
        with.push(once(&full, many)?);
    }
    Ok(Start { plugins: PLUGINS, without: Started::median(&without), with: Started::median(&with) })
}

fn once(teahouse: &Teahouse, crew: Crew) -> anyhow::Result<Started> {
    let began = Instant::now();
    let server = teahouse.serve()?;
    let wall = began.elapsed();
    let processor = usage::cpu_time(server.pid())?;
    house::require_all(&server, crew)?;
    thread::sleep(SETTLE);
    let resident = usage::resident_bytes(server.pid())?;
    server.stop()?;
    Ok(Started {
        wall_ms: wall.as_secs_f64() * 1000.0,
        processor_ms: processor.as_secs_f64() * 1000.0,
        resident_kib: resident as f64 / 1024.0,
    })
}

impl Started {
    fn median(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(figure));
        Self {
            wall_ms: of(|start| start.wall_ms),
            processor_ms: of(|start| start.processor_ms),
            resident_kib: of(|start| start.resident_kib),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_plugin_keeps_its_share_of_what_all_add() {
        let started = |resident_kib| Started { wall_ms: 1.0, processor_ms: 1.0, resident_kib };
        let start = Start { plugins: 100, without: started(30_000.0), with: started(50_000.0) };
        assert!((start.kib_each() - 200.0).abs() < 1e-9);
    }
}
