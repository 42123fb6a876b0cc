//! What a hostile plugin meets beside the crowd: at the door, after its failures, and when its grants go.

use std::time::Instant;

use serde_json::json;
use teahouse_tests::{PATIENCE, Person, TestServer, server_test};

use super::super::house::{patient, probe, put_to_work, text};
use super::super::package::{Workshop, packed_by_hand};
use super::{HOSTILE, Tally, tells};

/// A plugin that never comes to its first call is not installed; one that was refuses such settings, and works on.
#[server_test(patient)]
async fn what_attacks_when_it_starts_is_not_taken_in(server: TestServer) {
    let keeper = server.keeper().await;
    for attack in ["loop", "memory-loop", "recurse", "log-flood", "trap"] {
        let workshop = Workshop::of("hostile");
        workshop.set_default("init", attack);
        // The author's own command would not pack it.
        let package = packed_by_hand(&workshop.path(""));
        keeper.upload("/plugins", package).await.refused(422, "plugin_component_refused");
    }
    assert_eq!(keeper.get("/plugins").await.expect(200), json!({ "items": [] }));
    put_to_work(&server, &keeper, Workshop::of("hostile").pack().await).await;
    let settings = format!("/plugins/{HOSTILE}/settings");
    for attack in ["loop", "memory-loop", "problem"] {
        let refused = keeper.put(&settings, json!({ "values": { "init": attack } })).await;
        assert_eq!(refused.status, 422, "{attack}: {refused}");
    }
    keeper.put(&settings, json!({ "values": { "init": 5 } })).await.refused(422, "plugin_settings_refused");
    keeper.put(&settings, json!({ "values": { "other": "" } })).await.refused(422, "plugin_settings_refused");
    assert_eq!(Tally::of(&keeper, HOSTILE).await.condition, "running");
}

/// One poisoned message, again and again, is one failure, however often one person sends it. After the fifth person for whom it
/// fails the plugin is left alone, the message goes by its policy, and the filter behind it works on. The last of its traps
/// stand in its log, with where they happened.
#[server_test(patient)]
async fn a_poisoned_message_shuts_out_its_filter_alone(server: TestServer) {
    const TIMES: usize = 8;
    let keeper = server.keeper().await;
    put_to_work(&server, &keeper, Workshop::of("hostile").pack().await).await;
    put_to_work(&server, &keeper, probe().pack().await).await;
    let mut ann = server.person("ann").await.connect().await;
    let lines = server.lines();
    for number in 0..TIMES {
        assert_eq!(ann.send(&format!("p{number}"), "!trap").await["state"], "sent");
    }
    let tally = Tally::of(&keeper, HOSTILE).await;
    assert_eq!(
        (tally.condition.as_str(), tally.get("failures trap")),
        ("running", TIMES as u64),
        "{tally:?}"
    );
    for guest in ["g1", "g2", "g3", "g4", "g5"] {
        server.guest(guest).await.connect().await.send("p", "!trap").await;
    }
    assert_eq!(
        Tally::of(&keeper, HOSTILE).await.condition,
        "running",
        "guests are as many as somebody likes"
    );
    for name in ["bob", "cat", "dan"] {
        assert_eq!(server.person(name).await.connect().await.send("p", "!trap").await["state"], "sent");
    }
    server.prints(lines, &["a plugin is in quarantine", HOSTILE]).await;
    let trapped = TIMES as u64 + 8;
    ann.send("q", "!trap").await;
    let tally = Tally::of(&keeper, HOSTILE).await;
    assert_eq!((tally.condition.as_str(), tally.get("failures trap")), ("quarantined", trapped), "{tally:?}");
    ann.frame(json!({ "type": "msg", "id": "r", "content": "reject still here" })).await;
    assert_eq!(ann.refused("rejected").await["by"], "Probe");
    let log = keeper.get(&format!("/plugins/{HOSTILE}/logs?level=error")).await.expect(200);
    let lines = log["items"].as_array().expect("lines").iter().map(|line| text(line, "text"));
    let traps = lines.filter(|line| line.starts_with("trap: ") && line.contains(" at ")).count() as u64;
    assert_eq!(traps, trapped, "{log}");
    keeper.act(&format!("/plugins/{HOSTILE}/retry")).await.expect(204);
    let since = Instant::now();
    while Tally::of(&keeper, HOSTILE).await.condition != "running" {
        assert!(since.elapsed() < PATIENCE, "it does not come back");
        ann.send(&format!("w{:?}", since.elapsed()), "peace and tea").await;
    }
}

/// A plugin that asks for what it was not granted, as often as it can: each refusal is counted, and the server's log is
/// not the plugin's to fill.
#[server_test(patient)]
async fn refusals_are_counted_and_do_not_fill_the_log(server: TestServer) {
    const TIMES: u64 = 10;
    let keeper = server.keeper().await;
    put_to_work(&server, &keeper, Workshop::of("hostile").pack().await).await;
    let mut ann = server.person("ann").await.connect().await;
    for number in 0..TIMES {
        ann.send(&format!("d{number}"), "!denied-flood").await;
    }
    let counted = Tally::of(&keeper, HOSTILE).await.get("refused messages denied");
    assert!(counted >= 198, "{counted}");
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains("a plugin was refused")).count();
    assert!((1..=40).contains(&lines), "{lines} lines of {counted} refusals");
}

/// Two bots that do whatever they hear, each other's doings included: it comes to an end by itself, in each room.
#[server_test(patient)]
async fn bots_that_answer_each_other_come_to_an_end(server: TestServer) {
    let keeper = server.keeper().await;
    let ann = server.person("ann").await;
    for name in ["hostile", "other"] {
        let workshop = Workshop::of("hostile");
        workshop.change("concurrency = 2", "concurrency = 2\nrooms = \"all\"");
        workshop.change(HOSTILE, &format!("house.tea.test.{name}"));
        workshop.change("\"Hostile\"", &format!("\"{name}\""));
        put_to_work(&server, &keeper, workshop.pack().await).await;
    }
    let mut socket = ann.connect().await;
    // Two answers to a person, each answered once by the other, and these once more; an edit is nobody else's to answer.
    for (number, (word, said, changed)) in
        [("hello", 6, 0), ("?echo", 6, 0), ("?edit", 2, 2), ("?react", 0, 6)].into_iter().enumerate()
    {
        let room = ann.public_room(word).await;
        socket.send_to(&room, word, word).await;
        let began = Instant::now();
        while counted(&ann, &room, &["msg"]).await < 1 + said
            || counted(&ann, &room, &["edited", "reaction"]).await < changed.min(1)
        {
            let log = keeper.get(&format!("/plugins/{HOSTILE}/logs")).await;
            assert!(began.elapsed() < PATIENCE, "{word}: {:?} {log}", ann.history(&room).await);
        }
        // What is said in a room is heard in its order: who has met this has done with all before.
        socket.send_to(&room, &format!("{word} end"), "?room nowhere").await;
        tells(&keeper, HOSTILE, number, "room: not found").await;
        tells(&keeper, "house.tea.test.other", number, "room: not found").await;
        assert_eq!(counted(&ann, &room, &["msg"]).await, 2 + said, "{word}: {:?}", ann.history(&room).await);
        let changes = counted(&ann, &room, &["edited", "reaction"]).await;
        assert!(changes <= changed, "{word}: {changes} changes");
    }
}

/// How many events of these kinds there were in a room.
async fn counted(person: &Person, room: &str, kinds: &[&str]) -> usize {
    let log = person.get(&format!("/v1/rooms/{room}/events?after=0")).await.expect(200);
    let events = log["items"].as_array().expect("events").iter();
    events.filter(|event| kinds.iter().any(|kind| event["type"] == *kind)).count()
}
