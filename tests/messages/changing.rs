//! Editing, recalling, reacting: each is an event of the room's log.

use serde_json::json;
use teahouse_tests::{TestServer, server_test};

/// Each change takes the next `seq`, and everybody learns of it.
#[server_test]
async fn changes_are_events_of_the_log(server: TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let ack = ann.send("m", "tee").await;
    let (message, seq) = (ack["message"].clone(), ack["seq"].as_u64().expect("a seq"));
    ann.frame(json!({ "type": "edit", "id": "e", "message": message, "content": "tea" })).await;
    ann.answer("e").await;
    bob.frame(json!({ "type": "react", "id": "r", "message": message, "emoji": "🍵" })).await;
    bob.answer("r").await;
    bob.frame(json!({ "type": "unreact", "id": "u", "message": message, "emoji": "🍵" })).await;
    bob.answer("u").await;
    ann.frame(json!({ "type": "recall", "id": "x", "message": message })).await;
    ann.answer("x").await;
    let edited = bob.event("edited").await;
    assert_eq!((edited["content"].as_str(), edited["seq"].as_u64()), (Some("tea"), Some(seq + 1)));
    let recalled = bob.event("recalled").await;
    assert_eq!((&recalled["message"], recalled["seq"].as_u64()), (&message, Some(seq + 4)));
}

/// A message is its writer's; another member may not change what it says.
#[server_test]
async fn nobody_changes_anothers_words(server: TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let ack = ann.send("m", "tea").await;
    bob.frame(json!({ "type": "edit", "id": "e", "message": ack["message"], "content": "coffee" })).await;
    assert_eq!(bob.refused("not_allowed").await["id"], "e");
    bob.frame(json!({ "type": "recall", "id": "x", "message": ack["message"] })).await;
    assert_eq!(bob.refused("not_allowed").await["id"], "x");
}

/// What is gone stays gone.
#[server_test]
async fn a_recalled_message_is_not_edited(server: TestServer) {
    let mut ann = server.person("ann").await.connect().await;
    let ack = ann.send("m", "tea").await;
    ann.frame(json!({ "type": "recall", "id": "x", "message": ack["message"] })).await;
    ann.answer("x").await;
    ann.frame(json!({ "type": "edit", "id": "e", "message": ack["message"], "content": "tea?" })).await;
    ann.refused("conflict").await;
}
