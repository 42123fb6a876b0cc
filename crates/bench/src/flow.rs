//! Messages through one server, once: seats, connections, traffic.

use crate::{
    args::Effort,
    contestant::Contestant,
    cores::Cores,
    crowd::Crowd,
    dialect::Dialect,
    ledger::Layout,
    meter::Meter,
    process::Server,
    traffic::{self, Pace, Plan, Tally},
};

/// How messages flow, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    pub(crate) layout: Layout,
    pub(crate) pace: Pace,
    pub(crate) effort: Effort,
    pub(crate) cores: Cores,
}

/// Seats everybody, with connections of their own, and lets messages flow. `ready` is called when everybody sits.
pub(crate) fn run(
    course: Course,
    contestant: &mut dyn Contestant,
    server: &Server,
    dialect: &mut dyn Dialect,
    ready: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Tally> {
    let Course { layout, pace, effort, cores } = course;
    let seats = contestant.seats(server, layout.rooms, layout.members)?;
    let mut crowd = Crowd::new(server.address)?;
    crowd.seat_all(&seats, dialect)?;
    ready()?;
    let plan = Plan { layout, pace, warm_up: effort.warm_up, window: effort.window };
    let meter = Meter { cores, server: server.pid() };
    traffic::run(plan, crowd, &seats, dialect, meter)
}
