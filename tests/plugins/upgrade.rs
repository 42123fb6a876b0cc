//! Another version takes over while people talk as fast as the server takes it.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teahouse_tests::{Keeper, Settings, TestServer, server_test};

use super::house::{patient, put_to_work, runs, text};
use super::package::Workshop;
use super::talk::Talk;

const ROUNDS: usize = 5;
/// So many messages pass at least between two changes.
const MESSAGES: u64 = 500;
/// What passes a second while versions change, over all changes together: each is too short to be judged alone.
const RATE: f64 = 1_000.0;
/// What must be kept of the rate between the changes on a machine that is so slow, or so busy with other things, that this
/// is less than [`RATE`]. A change costs the server work of its own: on two cores two thirds of the rate are left beside
/// it, with and without others who want them.
const SHARE: f64 = 0.5;

/// For a test that measures. A filter that is late here would let a message pass without its stamp.
fn measured(settings: Settings) -> Settings {
    patient(settings).alone()
}

/// A filter of rooms in full flow is upgraded and rolled back again and again, at a thousand messages a second: nothing is
/// lost, nothing is doubled, everybody's messages stay in order, and each was stamped once, by one version or the other.
#[server_test(measured)]
async fn a_filter_is_upgraded_and_rolled_back_without_a_lost_message(server: TestServer) {
    let keeper = server.keeper().await;
    let workshop = Workshop::of("hostile");
    workshop.change("deadline-ms = 10", "deadline-ms = 50");
    workshop.change("\"posted\", \"edited\", \"reacted\", \"timer\", \"pressed\"", "\"timer\"");
    workshop.set_default("stamp", "old");
    let first = put_to_work(&server, &keeper, workshop.pack().await).await;
    workshop.change("version = \"0.1.0\"", "version = \"0.2.0\"");
    workshop.set_default("stamp", "new");
    let second = keeper.upload("/plugins", workshop.pack().await).await.expect(201);
    assert_eq!(second["is_current"], false, "{second}");
    let mut talk = Talk::begin(&server).await;
    talk.goes_on(MESSAGES).await;
    let (mut changing, mut between) = (Flow::default(), Flow::default());
    for _ in 0..ROUNDS {
        let upgrade = json!({ "digest": second["digest"] });
        changing
            .during(&mut talk, async |_| change(&server, &keeper, &second, "upgrade", upgrade).await)
            .await;
        between.during(&mut talk, async |talk| talk.goes_on(MESSAGES).await).await;
        changing
            .during(&mut talk, async |_| change(&server, &keeper, &first, "rollback", json!({})).await)
            .await;
        between.during(&mut talk, async |talk| talk.goes_on(MESSAGES).await).await;
    }
    let stamps = talk.end().await;
    println!("while versions change {changing}; between {between}; {} messages in all", stamps.len());
    for stamp in ["[old]", "[new]"] {
        assert!(stamps.iter().any(|found| found == stamp), "no {stamp}");
    }
    let odd: Vec<_> = stamps.iter().filter(|stamp| !["[old]", "[new]"].contains(&stamp.as_str())).collect();
    assert!(odd.is_empty(), "not stamped once: {odd:?}");
    let least = RATE.min(SHARE * between.rate());
    assert!(
        changing.rate() >= least,
        "{changing} while versions change, {between} between: at least {least:.0}/s were expected"
    );
}

/// How much passed in how long.
#[derive(Default)]
struct Flow {
    messages: u64,
    time: Duration,
}

impl Flow {
    async fn during(&mut self, talk: &mut Talk, what: impl AsyncFnOnce(&mut Talk)) {
        let (began, before) = (Instant::now(), talk.acknowledged());
        what(talk).await;
        self.time += began.elapsed();
        self.messages += talk.acknowledged() - before;
    }

    fn rate(&self) -> f64 {
        self.messages as f64 / self.time.as_secs_f64()
    }
}

impl Display for Flow {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.0}/s ({} in {:.2?})", self.rate(), self.messages, self.time)
    }
}

/// Lets `version` take over, and waits until it runs.
async fn change(server: &TestServer, keeper: &Keeper, version: &Value, how: &str, body: Value) {
    let (plugin, lines) = (text(version, "plugin"), server.lines());
    keeper.post(&format!("/plugins/{plugin}/{how}"), body).await.expect(200);
    runs(server, lines, plugin, text(version, "version")).await;
    let shown = keeper.get(&format!("/plugins/{plugin}")).await.expect(200);
    assert_eq!(shown["digest"], version["digest"], "{shown}");
}
