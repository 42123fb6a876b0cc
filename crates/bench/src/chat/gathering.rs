//! Servers that many connect to: what a connection costs to make, and to have.

use std::{
    collections::{HashMap, hash_map::Entry},
    thread,
    time::Duration,
};

use anyhow::Context as _;

use crate::{
    args::Throng,
    contestant::{Contestant, Name},
    cores::Cores,
    crowd::Crowd,
    dialect::Seat,
    measure::{Connects, Idle, Measure},
    meter::Meter,
    process::Server,
    scenario::CROWD_ROOM,
    usage,
};

/// Connected before memory is first looked at, so that what a server needs once is not put down to connections.
const WARM_UP_CONNECTIONS: usize = 500;
/// How long a server has to put away what it needed for connecting.
const SETTLE: Duration = Duration::from_millis(1500);

pub(super) struct Gathering {
    throng: Throng,
    /// How many people are signed in for it.
    people: usize,
    contestants: Vec<Box<dyn Contestant>>,
    /// Servers that connects are measured on; memory is measured on fresh ones.
    running: HashMap<Name, Server>,
}

impl Gathering {
    pub(super) fn new(throng: Throng, with_idle: bool, contestants: Vec<Box<dyn Contestant>>) -> Self {
        let idle = if with_idle { throng.idle_connections + WARM_UP_CONNECTIONS } else { 0 };
        let people = idle.max(throng.connects).next_multiple_of(CROWD_ROOM);
        Self { throng, people, contestants, running: HashMap::new() }
    }

    /// Resident memory of idle connections in a process that has never had any other.
    pub(super) fn idle(&mut self, name: Name, cores: Cores) -> anyhow::Result<Measure> {
        self.running.remove(&name);
        let contestant = find(&mut self.contestants, name)?;
        let provisioning = contestant.start()?;
        let seats = contestant.seats(&provisioning, self.people / CROWD_ROOM, CROWD_ROOM)?;
        // What signing everybody in took is not what a connection takes: a process that only knows the database.
        provisioning.stop()?;
        let server = contestant.start()?;
        cores.stay()?;
        let dialect = contestant.dialect();
        let mut crowd = Crowd::new(server.address)?;
        let (warm_up, measured) = seats.split_at(WARM_UP_CONNECTIONS);
        crowd.seat_all(warm_up, &*dialect)?;
        thread::sleep(SETTLE);
        let before = usage::resident_bytes(server.pid())?;
        let measured = &measured[..self.throng.idle_connections];
        crowd.seat_all(measured, &*dialect)?;
        thread::sleep(SETTLE);
        let after = usage::resident_bytes(server.pid())?;
        Ok(Measure::Idle(Idle::of(measured.len(), before, after)))
    }

    /// How fast connections are signed in, everybody's token being known to the process.
    pub(super) fn connects(&mut self, name: Name, cores: Cores) -> anyhow::Result<Measure> {
        let contestant = find(&mut self.contestants, name)?;
        let (server, is_new) = match self.running.entry(name) {
            Entry::Occupied(there) => (&*there.into_mut(), false),
            Entry::Vacant(none) => (&*none.insert(contestant.start()?), true),
        };
        let seats = contestant.seats(server, self.people / CROWD_ROOM, CROWD_ROOM)?;
        let doors: Vec<_> =
            seats.into_iter().take(self.throng.connects).map(|seat| Seat { room: None, ..seat }).collect();
        let dialect = contestant.dialect();
        if is_new {
            Crowd::new(server.address)?.seat_all(&doors, &*dialect)?;
        }
        // The last round's connections are being closed: that is not this round's work.
        thread::sleep(SETTLE);
        let meter = Meter { cores, server: server.pid() };
        let mut crowd = Crowd::new(server.address)?;
        let before = meter.read()?;
        crowd.seat_all(&doors, &*dialect)?;
        let spent = meter.read()?.since(before);
        Ok(Measure::Connects(Connects::of(doors.len(), spent)))
    }
}

fn find(contestants: &mut [Box<dyn Contestant>], name: Name) -> anyhow::Result<&mut Box<dyn Contestant>> {
    contestants.iter_mut().find(|c| c.name() == name).context("a server that was not asked for")
}
