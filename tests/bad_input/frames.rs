//! Text frames that are no frames of ours. The connection stays open.

use serde_json::{Value, json};
use teahouse_tests::{TestServer, server_test};

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// Frames that are refused, by code. `{field}` in the error is checked where one is named.
fn refused_frames() -> Vec<(String, &'static str, Option<&'static str>)> {
    let text = |frame: &str, code, field| (frame.to_owned(), code, field);
    vec![
        text("", "bad_json", None),
        text("hello", "bad_json", None),
        text("{", "bad_json", None),
        text("null", "bad_json", None),
        text("[]", "bad_json", None),
        text("5", "bad_json", None),
        text(r#""ping""#, "bad_json", None),
        text(r#"{"type":"ping"} {"type":"ping"}"#, "bad_json", None),
        text("{\"type\":\"msg\",\"content\":\"a\u{1}b\"}", "bad_json", None),
        text("{}", "unknown_type", None),
        text(r#"{"type":null}"#, "unknown_type", None),
        text(r#"{"type":5}"#, "unknown_type", None),
        text(r#"{"type":"dance"}"#, "unknown_type", None),
        text(r#"{"type":"hello"}"#, "unknown_type", None),
        text(r#"{"type":"msg"}"#, "invalid_field", Some("content")),
        text(r#"{"type":"msg","content":5}"#, "invalid_field", Some("content")),
        text(r#"{"type":"msg","content":""}"#, "invalid_field", Some("content")),
        text(r#"{"type":"msg","content":"   "}"#, "invalid_field", Some("content")),
        text(r#"{"type":"msg","content":"a\u0000b"}"#, "invalid_field", Some("content")),
        text(r#"{"type":"msg","content":"a","id":""}"#, "invalid_field", Some("id")),
        text(r#"{"type":"msg","content":"a","id":{}}"#, "invalid_field", Some("id")),
        (
            json!({ "type": "msg", "content": "a", "id": "x".repeat(65) }).to_string(),
            "invalid_field",
            Some("id"),
        ),
        (
            json!({ "type": "msg", "content": "x".repeat(20_001) }).to_string(),
            "invalid_field",
            Some("content"),
        ),
        text(r#"{"type":"msg","content":"a","room":"garden"}"#, "invalid_field", Some("room")),
        text(r#"{"type":"msg","content":"a","room":7}"#, "invalid_field", Some("room")),
        text(r#"{"type":"msg","content":"a","kind":"dance"}"#, "invalid_field", Some("kind")),
        text(r#"{"type":"msg","content":"a","kind":"image"}"#, "invalid_field", Some("content")),
        text(r#"{"type":"msg","content":"a","mentions":"everyone"}"#, "invalid_field", Some("mentions")),
        text(r#"{"type":"join"}"#, "invalid_field", Some("room")),
        (json!({ "type": "join", "room": NOBODY, "since": -1 }).to_string(), "invalid_field", Some("since")),
        (json!({ "type": "join", "room": NOBODY, "limit": 501 }).to_string(), "invalid_field", Some("limit")),
        (
            json!({ "type": "join", "room": NOBODY, "since": 1_u64 << 60 }).to_string(),
            "invalid_field",
            Some("since"),
        ),
        text(r#"{"type":"listen"}"#, "invalid_field", Some("rooms")),
        text(r#"{"type":"listen","rooms":"some"}"#, "invalid_field", Some("rooms")),
        (json!({ "type": "listen", "rooms": vec![NOBODY; 501] }).to_string(), "invalid_field", Some("rooms")),
        text(r#"{"type":"edit","content":"a"}"#, "invalid_field", Some("message")),
        text(r#"{"type":"react","message":"x","emoji":"🍵"}"#, "invalid_field", Some("message")),
        (
            json!({ "type": "react", "message": NOBODY, "emoji": "" }).to_string(),
            "invalid_field",
            Some("emoji"),
        ),
        text(r#"{"type":"read"}"#, "invalid_field", None),
        (
            json!({ "type": "presence", "users": vec![NOBODY; 201] }).to_string(),
            "invalid_field",
            Some("users"),
        ),
        (json!({ "type": "join", "room": NOBODY }).to_string(), "room_not_found", None),
        (json!({ "type": "msg", "room": NOBODY, "content": "a" }).to_string(), "room_not_found", None),
        (json!({ "type": "edit", "message": NOBODY, "content": "a" }).to_string(), "message_not_found", None),
        (json!({ "type": "recall", "message": NOBODY }).to_string(), "message_not_found", None),
        (json!({ "type": "react", "message": NOBODY, "emoji": "🍵" }).to_string(), "message_not_found", None),
    ]
}

/// Each on a connection of its own, since a connection bears only so many.
#[server_test]
async fn every_bad_frame_is_answered_and_the_connection_lives(server: TestServer) {
    let ann = server.person("ann").await;
    for (frame, code, field) in refused_frames() {
        let mut socket = ann.connect().await;
        socket.text(&frame).await;
        let error = socket.event("error").await;
        let shown: String = frame.chars().take(200).collect();
        assert_eq!(error["code"], code, "{shown}: {error}");
        if let Some(field) = field {
            assert_eq!(error["field"], field, "{shown}: {error}");
        }
        socket.frame(json!({ "type": "ping", "id": "alive" })).await;
        assert_eq!(socket.event("pong").await["id"], "alive", "{shown}");
    }
    assert!(ann.history(&ann.connect().await.lobby()).await.is_empty(), "something was sent");
}

/// The error names the frame that it answers.
#[server_test]
async fn an_error_carries_the_frames_id(server: TestServer) {
    let mut socket = server.person("ann").await.connect().await;
    socket.frame(json!({ "type": "msg", "id": "c-1", "content": 5 })).await;
    let error = socket.refused("invalid_field").await;
    assert_eq!((&error["id"], &error["field"]), (&json!("c-1"), &json!("content")));
}

/// Fields that we do not know are a newer client's, and no error.
#[server_test]
async fn unknown_fields_are_passed_over(server: TestServer) {
    let mut socket = server.person("ann").await.connect().await;
    socket.frame(json!({ "type": "msg", "id": "c-1", "content": "tea", "mood": { "a": [1, 2] } })).await;
    socket.answer("c-1").await;
}

/// Text of every script and with every sign that may stand in a text arrives unchanged.
#[server_test]
async fn every_honest_text_arrives_unchanged(server: TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let longest = "茶".repeat(1000);
    let texts = [
        "\"quoted\" \\ back",
        "line\nbreak\tand tab",
        "👩‍👩‍👧‍👦 🍵",
        "עברית العربية",
        "</script><b>",
        "{\"type\":\"ping\"}",
        &longest,
    ];
    for (number, text) in texts.into_iter().enumerate() {
        ann.send(&format!("c-{number}"), text).await;
        bob.sees([text]).await;
    }
}

/// Who sends nonsense again and again is shown out, for good.
#[server_test]
async fn repeated_nonsense_ends_the_connection(server: TestServer) {
    let mut socket = server.person("ann").await.connect().await;
    for _ in 0..1000 {
        if socket.try_text("nonsense").await.is_err() {
            break;
        }
    }
    assert_eq!(socket.closes().await, Some(1008));
}

/// A binary frame is answered like any other mistake.
#[server_test]
async fn a_binary_frame_is_refused(server: TestServer) {
    let mut socket = server.person("ann").await.connect().await;
    socket.binary(&[0, 159, 146, 150]).await;
    socket.refused("binary_not_supported").await;
    assert_eq!(socket.until_now().await, Vec::<Value>::new());
}
