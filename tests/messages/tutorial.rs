//! The frames that mini-program tutorials teach, and their way to read history.

use serde_json::json;
use teahouse_tests::{Answer, TestServer, server_test};

/// A client written from a tutorial sends `msg` without an id, and knows no rooms.
#[server_test]
async fn a_tutorials_frames_work_unchanged(server: TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    ann.text(r#"{"type":"ping"}"#).await;
    assert_eq!(ann.event("pong").await, json!({ "type": "pong" }));
    ann.text(r#"{"type":"msg","content":"你好，茶馆"}"#).await;
    let ack = ann.event("ack").await;
    assert!(ack["id"].is_null() && ack["seq"].is_u64(), "{ack}");
    bob.sees(["你好，茶馆"]).await;
}

/// The same text twice without an id is two messages.
#[server_test]
async fn without_an_id_nothing_is_taken_for_a_repetition(server: TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    for _ in 0..2 {
        ann.text(r#"{"type":"msg","content":"again"}"#).await;
    }
    bob.sees(["again", "again"]).await;
}

/// `{"code":0,"lists":[…]}`, oldest first, at most `limit`, the newest ones.
#[server_test]
async fn history_messages_has_the_tutorials_shape(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let lobby = ann.connect().await.lobby();
    ann.say(&lobby, "one").await;
    bob.say(&lobby, "two").await;
    ann.say(&lobby, "three").await;
    let answer = ann.get("/api/historyMessages?limit=2").await.expect(200);
    assert_eq!(answer["code"], 0);
    let lists = answer["lists"].as_array().expect("lists");
    assert_eq!(teahouse_tests::contents(lists), ["two", "three"]);
    assert_eq!((&lists[0]["from"], &lists[1]["from"]), (&json!("other"), &json!("me")));
    assert!(lists.iter().all(|item| item["type"] == "msg" && item["id"].is_string()), "{answer}");
}

/// The token may stand where the tutorials put it, and a failure is still HTTP 200 with a `code`.
#[server_test]
async fn history_messages_takes_the_token_from_the_query(server: TestServer) {
    let ann = server.person("ann").await;
    let lobby = ann.connect().await.lobby();
    ann.say(&lobby, "one").await;
    let with = server.get(&format!("/api/historyMessages?limit=100&token={}", ann.token)).await.expect(200);
    assert_eq!(with["lists"].as_array().map(Vec::len), Some(1));
    let header = server.http().get(server.url("/api/historyMessages")).header("token", &ann.token);
    assert_eq!(Answer::of(header).await.expect(200)["code"], 0);
    let without = server.get("/api/historyMessages?token=forged").await.expect(200);
    assert_ne!(without["code"], 0, "{without}");
}
