//! Two servers on one database: what was decided on one holds on the other, and what is to be done once is done once.
//! What people say on one is not heard on the other's sockets yet: that is the bus's.

use serde_json::{Value, json};
use teahouse_tests::{Engine, Person, Settings, TestServer, contents};

use super::house::{PROBE, agree, patient, probe, put_to_work, runs, text};

/// Both encrypt with one key, as nodes must.
fn together() -> Settings {
    patient(Settings::default()).set("secrets.key", "q83vEjRWeJq7zN3u/wABAgMEBQYHCAkKCwwNDg8QERI=")
}

/// Two servers on one PostgreSQL. SQLite's file is one server's.
async fn two() -> (TestServer, TestServer) {
    let one = TestServer::start(Engine::Postgres, together()).await;
    let other = one.start_beside().await;
    (one, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_on_one_node_holds_on_the_other_postgres() {
    let (one, other) = two().await;
    let keeper = one.keeper().await;
    let workshop = probe();
    let first = put_to_work(&one, &keeper, workshop.pack().await).await;
    runs(&other, 0, PROBE, "1.0.0").await;
    let (ann, bob) = (one.person("ann").await, other.person("bob").await);
    let (mut here, mut there) = (ann.connect().await, bob.connect().await);
    refused(&mut here, "1", "reject spam").await;
    refused(&mut there, "1", "reject spam").await;

    // A new version, and what it may, reach both.
    let lines = other.lines();
    workshop.change("version = \"1.0.0\"", "version = \"1.1.0\"");
    let second = keeper.upload("/plugins", workshop.pack().await).await.expect(201);
    agree(&keeper, &second).await;
    keeper
        .post(&format!("/plugins/{PROBE}/upgrade"), json!({ "digest": second["digest"] }))
        .await
        .expect(200);
    runs(&other, lines, PROBE, "1.1.0").await;
    let lines = other.lines();
    keeper.post(&format!("/plugins/{PROBE}/rollback"), json!({})).await.expect(200);
    runs(&other, lines, PROBE, text(&first, "version")).await;

    // What is held on one is released by way of the other.
    let held = there.send("2", "hold it").await;
    assert_eq!(held["state"], "held", "{held}");
    keeper.act(&format!("/held/{}/release", text(&held, "message"))).await.expect(204);
    assert!(contents(&bob.history(&there.lobby()).await).contains(&"hold it"));

    let lines = other.lines();
    keeper.act(&format!("/plugins/{PROBE}/disable")).await.expect(200);
    other.prints(lines, &["a plugin rests", PROBE]).await;
    there.send("3", "reject nothing any more").await;
}

/// A bot works on one node at a time, a timer fires once, and its store is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_of_two_nodes_answers_once_postgres() {
    let (one, mut other) = two().await;
    let keeper = one.keeper().await;
    put_to_work(&one, &keeper, probe().pack().await).await;
    runs(&other, 0, PROBE, "1.0.0").await;
    let (ann, bob) = (one.person("ann").await, other.person("bob").await);
    let lobby = ann.connect().await.lobby();
    ann.say(&lobby, "set tea").await;
    bob.say(&lobby, "echo from the other").await;
    // No timer is shorter.
    ann.say(&lobby, "remind boil 10000").await;
    answered(&ann, &lobby, &["Ok(())", "from the other", "Ok(())", "timer boil missed 0"]).await;
    // The node that goes gives its bots to the one that stays, and their store with them.
    other.ask_to_end();
    assert!(other.ended().await.success());
    ann.say(&lobby, "get tea").await;
    ann.say(&lobby, "fired boil").await;
    let last = ["Ok(())", "from the other", "Ok(())", "timer boil missed 0", "Ok(Some(\"set\"))", "fired 1"];
    answered(&ann, &lobby, &last).await;
}

async fn refused(socket: &mut teahouse_tests::Socket, id: &str, content: &str) {
    socket.frame(json!({ "type": "msg", "id": id, "content": content })).await;
    socket.refused("rejected").await;
}

/// Reads the room until the bot has said all of this, and nothing else. Another node's messages come by no socket yet.
async fn answered(person: &Person, room: &str, expected: &[&str]) {
    let mut wanted: Vec<&str> = expected.to_vec();
    wanted.sort_unstable();
    let deadline = tokio::time::Instant::now() + teahouse_tests::PATIENCE * 2;
    loop {
        let history = person.history(room).await;
        let bots: Vec<Value> = history.into_iter().filter(|said| said["sender"]["is_bot"] == true).collect();
        let mut said = contents(&bots);
        said.sort_unstable();
        if said == wanted {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "the bot said {said:?}");
    }
}
