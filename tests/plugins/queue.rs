//! A bot that does not keep up: its queue has an end, and what did not fit is counted.

use serde_json::json;
use teahouse_tests::{Keeper, TestServer, server_test};

use super::house::{PROBE, patient, with_probe};

/// Events that a bot's queue holds.
const BOUND: u64 = 1_000;
/// Those that are put in side by side may go past it by what one of them brings.
const FULL: std::ops::RangeInclusive<u64> = BOUND..=BOUND + 64;
/// People whose events fail: enough for the quarantine, and to fill the queue, of which each has a quarter.
const PEOPLE: usize = 5;
const MESSAGES: u64 = BOUND + 60;

/// A bot in quarantine hears nothing while people talk on: a thousand events wait, the rest are counted as dropped, in the
/// plugin's health and for Prometheus alike.
#[server_test(patient)]
async fn a_bots_queue_has_an_end(server: TestServer) {
    let keeper = with_probe(&server).await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let person = server.person(&format!("person {number}")).await;
        let room = person.public_room(&format!("room {number}")).await;
        person.say(&room, "poison").await;
        people.push(person);
    }
    server.prints(0, &["a plugin is in quarantine", PROBE]).await;
    let mut sockets = Vec::new();
    for person in &people {
        sockets.push(person.connect().await);
    }
    let each = MESSAGES / PEOPLE as u64 + 1;
    for socket in &mut sockets {
        for number in 0..each {
            socket.frame(json!({ "type": "msg", "id": format!("m-{number}"), "content": "tea" })).await;
        }
        for number in 0..each {
            socket.answer(&format!("m-{number}")).await;
        }
    }
    let (ann, mut socket) = (&people[0], sockets.remove(0));
    // After the acks, in jobs: one message more is asked about until its event has met a full queue.
    let mut asked = 0;
    while waiting(&keeper).await < BOUND {
        asked += 1;
        assert!(asked < 2_000, "the queue does not fill: {}", keeper.get(&path()).await);
        tokio::task::yield_now().await;
    }
    let mut extra = 0;
    let health = loop {
        let health = keeper.get(&path()).await.expect(200);
        if count(&health, "dropped") > 0 {
            break health;
        }
        extra += 1;
        socket.send(&format!("extra-{extra}"), "tea").await;
    };
    assert_eq!(health["condition"], "quarantined", "{health}");
    assert!(health["events_waiting"].as_u64().is_some_and(|waiting| FULL.contains(&waiting)), "{health}");
    let metrics = server.get("/metrics").await.text;
    let line = |name: &str| {
        let found = metrics.lines().find(|line| line.starts_with(name) && line.contains(PROBE));
        found.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
    };
    assert!(
        line("teahouse_plugin_events_waiting").is_some_and(|waiting| FULL.contains(&waiting)),
        "{metrics}"
    );
    let dropped = metrics.lines().find(|line| {
        line.starts_with("teahouse_plugin_events_total")
            && line.contains(PROBE)
            && line.contains("what=\"dropped\"")
    });
    let dropped = dropped.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    assert!(dropped.is_some_and(|dropped| dropped >= count(&health, "dropped")), "{metrics}");
    // The bot's trouble is the bot's: people were heard.
    assert!(ann.history(&socket.lobby()).await.len() as u64 >= MESSAGES);
}

fn path() -> String {
    format!("/plugins/{PROBE}/health")
}

async fn waiting(keeper: &Keeper) -> u64 {
    keeper.get(&path()).await.expect(200)["events_waiting"].as_u64().expect("a count")
}

fn count(health: &serde_json::Value, what: &str) -> u64 {
    let counts = health["events"].as_array().expect("counts");
    counts.iter().find(|count| count["what"] == what).and_then(|count| count["count"].as_u64()).unwrap_or(0)
}
