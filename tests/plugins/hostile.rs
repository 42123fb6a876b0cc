//! A plugin that attacks the server in every way that a test knows (`tests/components/hostile`), while fifty people talk.
//! Each attack ends as it must, by the plugin's own health and log; nobody's word is lost, doubled or overtaken; the
//! server's memory stays within the plugin's cap; and words take hardly longer than in quiet.
//!
//! **How that is measured.** The people talk at a fixed pace that waits for nobody, and each delivery to each of them is
//! timed. Quiet windows alternate with windows in which one attack is made again and again; the 99th percentile of an
//! attack's window is compared with that of all quiet windows of the run. The server is a debug build on a machine that it
//! shares with the test, and a window holds a few dozen words: one that was scheduled badly is enough to spoil it. So the
//! attack is made anew up to [`ATTEMPTS`] times, and has to have one window that is clean in every respect; and the bound
//! is [`bearable`]. A server whose
//! threads an attack can hold has no clean window at all: with two workers and a guest that is not made to yield, an endless
//! loop's eight windows had 190 to 320 ms against 50 in quiet; where it is not even cut, everybody waits in vain.

mod bot;
mod contained;
mod endings;
mod filter;
mod network;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teahouse_tests::{Keeper, PATIENCE, Settings, Socket, TestServer};

use super::crowd::{Crowd, bearable, p99};
use super::house::{agree, runs};
use super::package::Workshop;
use endings::{Ending, Tally};

const HOSTILE: &str = "house.tea.test.hostile";
/// How long an attack goes on at least.
const WINDOW: Duration = Duration::from_millis(300);
/// So often it must have been made in a window.
const TIMES: u64 = 3;
/// Between two attacks that cost something that runs out.
const PAUSE: Duration = Duration::from_millis(75);
/// After five failures within a minute it is left alone: before that it is forgiven, so that it can go on.
const PARDON_AFTER: u64 = 4;
/// A bot that failed is told again after a second: then its attack is over, and the next window is its own.
const STALE_MS: u32 = 900;
/// Windows that an attack is given to be clean in one.
const ATTEMPTS: usize = 8;
/// Of one instance of `tests/components/hostile`, which has a bot and says nothing of its own.
const MEMORY_CAP: u64 = 32 << 20;
/// What the server itself may come to need meanwhile.
const BESIDE: u64 = 8 << 20;

/// One attack, and what must become of it.
struct Attack {
    text: &'static str,
    ending: Ending,
}

const fn attack(text: &'static str, ending: Ending) -> Attack {
    Attack { text, ending }
}

/// People, a hostile plugin, and somebody who tells it what to do.
struct Siege<'a> {
    server: &'a TestServer,
    keeper: Keeper,
    crowd: Crowd,
    attacker: Socket,
    /// What deliveries took while nothing was attacked.
    quiet: Vec<Duration>,
    /// For each attack, its best window.
    table: Vec<(&'static str, Duration)>,
    /// Where the bot is attacked through, one after another; none: the attacks are the filter's.
    fronts: Vec<Front>,
    next_front: usize,
    /// Instances that are attacked through at once.
    at_once: u64,
    next_id: usize,
}

/// A room where the bot is attacked through, and whoever owns it: one person alone would soon have used up their share of what
/// the bot may do.
struct Front {
    room: String,
    owner: Socket,
}

/// For tests that measure: nobody else is at work, and filters have all the time that there is.
fn measured(settings: Settings) -> Settings {
    super::house::patient(settings).alone()
}

impl<'a> Siege<'a> {
    /// The hostile plugin at work with these changes to its manifest, in so many rooms of as many attackers where it says
    /// that rooms are chosen; and people who talk.
    async fn lay(server: &'a TestServer, changes: &[(&str, &str)], fronts: usize) -> Self {
        let keeper = server.keeper().await;
        let workshop = Workshop::of("hostile");
        changes.iter().for_each(|(from, to)| workshop.change(from, to));
        workshop.set_default("stale_ms", STALE_MS);
        let installed = keeper.upload("/plugins", workshop.pack().await).await.expect(201);
        agree(&keeper, &installed).await;
        let attacker = server.person("attacker").await;
        let mut battlefield = Vec::new();
        for number in 0..fronts {
            let owner = server.person(&format!("attacker {number}")).await;
            let room = owner.public_room(&format!("siege {number}")).await;
            keeper.put(&format!("/plugins/{HOSTILE}/rooms/{room}"), json!({})).await.expect(204);
            battlefield.push(Front { room, owner: owner.connect().await });
        }
        let lines = server.lines();
        keeper.act(&format!("/plugins/{HOSTILE}/enable")).await.expect(200);
        runs(server, lines, HOSTILE, "").await;
        let mut crowd = Crowd::gather(server).await;
        attacker.join(crowd.room()).await;
        let attacker = attacker.connect().await;
        // The first words pay for what is made once.
        crowd.alone(WINDOW * 3).await;
        Self {
            server,
            keeper,
            crowd,
            attacker,
            quiet: Vec::new(),
            table: Vec::new(),
            fronts: battlefield,
            next_front: 0,
            at_once: 1,
            next_id: 0,
        }
    }

    async fn tally(&self) -> Tally {
        Tally::of(&self.keeper, HOSTILE).await
    }

    /// Lets it try again, where it is left alone for its failures.
    async fn pardon(&self) {
        self.keeper.act(&format!("/plugins/{HOSTILE}/retry")).await.expect(204);
    }

    /// A window without an attack, once the last one is over.
    async fn rest(&mut self) {
        let since = Instant::now();
        loop {
            let tally = self.tally().await;
            if tally.condition == "running" && tally.waiting == 0 {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "it does not come to rest: {tally:?}");
            self.pardon().await;
        }
        let latencies = self.crowd.alone(WINDOW).await;
        self.quiet.extend(latencies);
    }

    /// Makes the attacks one after another. Each must end as it must, and disturb nobody.
    async fn endure(&mut self, attacks: &'static [Attack]) {
        self.rest().await;
        for attack in attacks {
            let (mut complaints, mut ended_as_it_must) = (Vec::new(), false);
            while let Err(complaint) = self.attempt(attack, &mut ended_as_it_must).await {
                println!("{}: {complaint}", attack.text);
                complaints.push(complaint);
                assert!(complaints.len() < ATTEMPTS, "{}:\n{}", attack.text, complaints.join("\n"));
                self.rest().await;
            }
            self.rest().await;
        }
        self.report();
    }

    /// One window of an attack. How it ends is asked until it was once as it must: where a quota a minute is used up by
    /// then, the same attack ends at that.
    ///
    /// # Errors
    /// What was not clean about it.
    async fn attempt(&mut self, attack: &Attack, ended_as_it_must: &mut bool) -> Result<(), String> {
        let before = self.tally().await;
        self.server.forget_peak_memory();
        let memory = self.server.memory();
        let from = self.crowd.now();
        if self.fronts.is_empty() {
            self.strike_at_filter(attack).await;
        } else {
            self.strike_at_bot(attack).await;
        }
        let latencies = self.crowd.latencies(from..self.crowd.now()).await;
        let grown = self.server.peak_memory().saturating_sub(memory);
        if !*ended_as_it_must {
            attack.ending.judge(&self.keeper, HOSTILE, &before, TIMES).await?;
            *ended_as_it_must = true;
        }
        if grown > self.at_once * MEMORY_CAP + BESIDE {
            return Err(format!("the server grew by {} MiB", grown >> 20));
        }
        let (attacked, quiet) = (p99(&latencies), p99(&self.quiet));
        if attacked > bearable(&self.quiet) {
            return Err(format!("p99 {attacked:?}, in quiet {quiet:?}"));
        }
        self.table.push((attack.text, attacked));
        Ok(())
    }

    fn report(&self) {
        println!("p99 in quiet {:?}; while attacked:", p99(&self.quiet));
        for (text, attacked) in &self.table {
            println!("{attacked:>12.1?}  {text}");
        }
    }
}

/// The line `number` of those in a plugin's log that begin with one of these, parted by `|`; waits for it.
async fn tells(keeper: &Keeper, plugin: &str, number: usize, beginnings: &str) -> String {
    let since = Instant::now();
    loop {
        let log = keeper.get(&format!("/plugins/{plugin}/logs?limit=200")).await.expect(200);
        let lines = log["items"].as_array().expect("lines").iter();
        let texts = lines.filter_map(|line: &Value| line["text"].as_str());
        let told = |text: &&str| beginnings.split('|').any(|beginning| text.starts_with(beginning));
        if let Some(line) = texts.filter(told).nth(number) {
            return line.to_owned();
        }
        assert!(since.elapsed() < PATIENCE, "it does not tell: {log}");
    }
}
