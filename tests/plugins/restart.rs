//! What a plugin keeps, and what a bot was to hear, outlives the server.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use teahouse_tests::{Socket, TestServer, server_test};

use super::house::{patient, probe, put_to_work, with_probe};

/// What a killed server had begun is begun again by the next at once: much sooner than any lease ends.
const AT_ONCE: Duration = Duration::from_secs(8);

/// What a plugin's store took is there after a kill.
#[server_test(patient)]
async fn a_plugins_store_outlives_a_kill(mut server: TestServer) {
    let _keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    let lobby = socket.lobby();
    socket.join(&lobby).await;
    socket.send("1", "set tea").await;
    answer(&mut socket, "Ok(())").await;
    server.kill().await;
    server.start_again().await;
    let mut socket = ann.connect().await.with_patience(AT_ONCE);
    socket.join(&lobby).await;
    socket.send("2", "get tea").await;
    answer(&mut socket, "Ok(Some(\"set\"))").await;
}

/// A message that was acknowledged reaches the bots, also when the server is killed at once; and a bot that names its
/// answers by the event answers each once.
#[server_test(patient)]
async fn a_bot_hears_what_was_acknowledged_before_a_kill(mut server: TestServer) {
    const KILLS: usize = 3;
    const MESSAGES: usize = 4;
    let keeper = server.keeper().await;
    let workshop = probe();
    workshop.change("per-minute = 20", "per-minute = 120");
    put_to_work(&server, &keeper, workshop.pack().await).await;
    let ann = server.person("ann").await;
    let lobby = ann.connect().await.lobby();
    let mut expected = BTreeSet::new();
    for kill in 0..KILLS {
        let mut socket = ann.connect().await;
        for number in 0..MESSAGES {
            let word = format!("{kill}.{number}");
            socket.frame(json!({ "type": "msg", "id": word, "content": format!("echo {word}") })).await;
            expected.insert(word);
        }
        for number in 0..MESSAGES {
            socket.answer(&format!("{kill}.{number}")).await;
        }
        server.kill().await;
        server.start_again().await;
    }
    let mut socket = ann.connect().await.with_patience(AT_ONCE);
    socket.join_since(&lobby, 0).await;
    let mut heard = BTreeSet::new();
    while heard != expected {
        let said = socket.find("an echo", is_a_bots).await;
        let word = said["content"].as_str().expect("a text").to_owned();
        assert!(expected.contains(&word) && heard.insert(word), "again, or something else: {said}");
    }
}

async fn answer(socket: &mut Socket, text: &str) {
    let said = socket.find(text, is_a_bots).await;
    assert_eq!(said["content"], text, "{said}");
}

fn is_a_bots(event: &Value) -> bool {
    event["type"] == "msg" && event["sender"]["is_bot"] == true
}
