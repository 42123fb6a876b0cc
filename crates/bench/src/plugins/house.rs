//! A server with its filters at work.

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::{crew::Crew, figures::Turn, looks::Looks, packages::Packages, words};
use crate::{
    contestant::{Contestant as _, History, Teahouse},
    dialect::Native,
    flow::{self, Course},
    http::Http,
    measure::Flow,
    place::Place,
    process::Server,
    stamp::Prose,
};

pub(super) struct House {
    crew: Crew,
    teahouse: Teahouse,
    server: Server,
}

impl House {
    /// A new server with `crew` at work.
    pub(super) fn open(crew: Crew, packages: &Packages, place: &Place) -> anyhow::Result<Self> {
        let teahouse = prepare(crew, packages, place, &crew.name())?;
        let mut house = Self { crew, server: start(&teahouse, crew)?, teahouse };
        if crew == Crew::Words {
            house.refuses_a_word()?;
        }
        Ok(house)
    }

    pub(super) fn crew(&self) -> Crew {
        self.crew
    }

    /// One repetition.
    pub(super) fn turn(&mut self, course: Course, prose: Prose) -> anyhow::Result<Turn> {
        let (address, mut before) = (self.server.address, Looks::default());
        let mut dialect = Native::saying(prose);
        let tally = flow::run(course, &mut self.teahouse, &self.server, &mut dialect, || {
            before = Looks::read(address)?;
            Ok(())
        })?;
        let after = Looks::read(address)?;
        let proof = after.since(&before, tally.sent, self.crew.filters());
        Ok(Turn { crew: self.crew, flow: Flow::of(&tally), proof, call_micros: after.call_micros() })
    }

    /// The list is in force, or what is measured is something else.
    fn refuses_a_word(&mut self) -> anyhow::Result<()> {
        let seats = self.teahouse.seats(&self.server, 1, 1)?;
        let seat = seats.first().context("nobody sits")?;
        let list = words::list();
        let word = list.lines().last().context("no words")?;
        let path = format!("/v1/rooms/{}/messages", seat.room.as_deref().unwrap_or_default());
        let body = json!({"content": format!("请看 {word} 。")}).to_string();
        let answer =
            Http::connect(self.server.address)?.request("POST", &path, Some(&seat.token), body.as_bytes())?;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(
            (400..500).contains(&answer.status) && said.contains("rejected"),
            "the word list is not in force: {word} was answered {} {said}",
            answer.status
        );
        Ok(())
    }
}

/// A server's database with `crew` installed and enabled; what it stores and says is kept apart by `name`.
pub(super) fn prepare(
    crew: Crew,
    packages: &Packages,
    place: &Place,
    name: &str,
) -> anyhow::Result<Teahouse> {
    let (program, data) = (packages.program().to_owned(), place.folder().join(name));
    let mut teahouse = Teahouse::new(place.cores(), program, History::Kept, data)?;
    // The first start makes the database.
    teahouse.start()?.stop()?;
    packages.install(crew, &teahouse)?;
    Ok(teahouse)
}

/// Starts it, and sees that all of `crew` is at work.
pub(super) fn start(teahouse: &Teahouse, crew: Crew) -> anyhow::Result<Server> {
    let server = teahouse.serve()?;
    require_all(&server, crew)?;
    Ok(server)
}

/// All of `crew` is at work.
pub(super) fn require_all(server: &Server, crew: Crew) -> anyhow::Result<()> {
    let running = Looks::read(server.address)?.running;
    ensure!(running == crew.filters(), "{running} plugins run, and {} should", crew.filters());
    Ok(())
}
