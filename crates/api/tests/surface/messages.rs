//! What is said, and a room's log of it.

use poem::http::Method;
use serde_json::{Value, json};

use crate::kit::{Server, text};

#[tokio::test]
async fn a_message_is_sent_once() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let path = format!("/v1/rooms/{}/messages", ann.room("garden").await);
    let body = json!({ "client_id": "c-1", "content": "two cups, please" });
    let first = ann.post(&path, body.clone()).await.expect(201);
    let again = ann.post(&path, body).await.expect(200);
    assert_eq!(first, again);
    assert_eq!(ann.get(&path).await.expect(200)["items"].as_array().unwrap().len(), 1);
    let one = ann.get(&format!("/v1/messages/{}", text(&first["id"]))).await.expect(200);
    assert_eq!(one["content"], "two cups, please");
}

#[tokio::test]
async fn content_is_of_its_kind() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let path = format!("/v1/rooms/{}/messages", ann.room("garden").await);
    let picture = json!({ "kind": "image", "content": { "url": "https://example.com/a.png" } });
    let sent = ann.post(&path, picture).await.expect(201);
    assert_eq!((&sent["kind"], &sent["text"]), (&json!("image"), &json!("[图片]")));
    for (body, field) in [
        (json!({}), "content"),
        (json!({ "content": 5 }), "content"),
        (json!({ "content": " " }), "content"),
        (json!({ "content": "a", "kind": "smell" }), "kind"),
        (json!({ "content": "a", "kind": "image" }), "content"),
        (json!({ "content": { "url": "javascript:a" }, "kind": "image" }), "content.url"),
        (json!({ "content": "a", "client_id": "" }), "client_id"),
        (json!({ "content": "a", "mentions": ["me"] }), "mentions[0]"),
        (json!({ "content": "a", "mentions": vec![ann.id.clone(); 51] }), "mentions"),
    ] {
        assert_eq!(ann.post(&path, body).await.wrong_field(), field);
    }
}

#[tokio::test]
async fn history_is_a_window() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let room = ann.room("garden").await;
    for number in 0..5 {
        ann.say(&room, &number.to_string()).await;
    }
    let page = async |query: &str| {
        let page = ann.get(&format!("/v1/rooms/{room}/messages?{query}")).await.expect(200);
        let contents: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|item| text(&item["content"])).collect();
        (contents.concat(), page)
    };
    let (newest, shown) = page("limit=2").await;
    assert_eq!((newest.as_str(), &shown["next"]), ("34", &Value::Null));
    assert_eq!(page(&format!("limit=2&before={}", shown["prev"])).await.0, "12");
    let first = page("limit=200").await.1["items"][0]["seq"].clone();
    assert_eq!(page(&format!("limit=2&after={first}")).await.0, "12");
    assert!(page(&format!("limit=2&around={first}")).await.0.contains('0'));
    for (query, field) in [
        ("before=-1", "before"),
        ("after=x", "after"),
        ("before=1&after=1", "after"),
        ("after=1&around=1", "around"),
    ] {
        assert_eq!(ann.get(&format!("/v1/rooms/{room}/messages?{query}")).await.wrong_field(), field);
    }
}

#[tokio::test]
async fn what_was_said_changes_and_the_log_tells_it() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("garden").await;
    bob.join(&room).await;
    let message = text(&ann.say(&room, "teh").await["id"]);
    let path = format!("/v1/messages/{message}");
    assert_eq!(ann.put(&path, json!({ "content": "tea" })).await.expect(200)["content"], "tea");
    bob.put(&path, json!({ "content": "mine" })).await.refused(403, "not_allowed");
    let thumb = format!("{path}/reactions/%F0%9F%91%8D");
    bob.call(Method::PUT, &thumb, None).await.expect(204);
    assert_eq!(ann.get(&path).await.expect(200)["reactions"], json!([{ "emoji": "👍", "count": 1 }]));
    assert_eq!(
        bob.get(&path).await.expect(200)["reactions"],
        json!([{ "emoji": "👍", "count": 1, "mine": true }])
    );
    let reactors = ann.get(&thumb).await.expect(200);
    assert_eq!((&reactors["items"][0]["user"]["id"], &reactors["next"]), (&json!(bob.id), &Value::Null));
    bob.delete(&thumb).await.expect(204);
    for word in ["a%20b", "word", "%F0%9F%91%8D%F0%9F%91%8D"] {
        let refused = bob.call(Method::PUT, &format!("{path}/reactions/{word}"), None).await;
        assert_eq!(refused.wrong_field(), "emoji", "{word}");
    }
    ann.delete(&path).await.expect(204);
    assert_eq!(ann.get(&path).await.expect(200)["content"], Value::Null);
    let log = ann.get(&format!("/v1/rooms/{room}/events")).await.expect(200);
    let types: Vec<&str> =
        log["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(types.ends_with(&["msg", "edited", "reaction", "reaction", "recalled"]), "{types:?}");
}

#[tokio::test]
async fn what_is_read_counts_no_more() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("garden").await;
    bob.join(&room).await;
    let seq = ann.say(&room, "hello").await["seq"].clone();
    let unread = async || {
        let rooms = bob.get("/v1/rooms").await.expect(200);
        let rooms = rooms["items"].as_array().unwrap().clone();
        rooms.into_iter().find(|item| item["id"] == room.as_str()).unwrap()["unread"].clone()
    };
    assert_eq!(unread().await, 1);
    bob.post(&format!("/v1/rooms/{room}/read"), json!({ "seq": seq })).await.expect(204);
    assert_eq!(unread().await, 0);
    assert_eq!(bob.post(&format!("/v1/rooms/{room}/read"), json!({ "seq": -1 })).await.wrong_field(), "seq");
}

#[tokio::test]
async fn a_hidden_room_keeps_its_messages() {
    let server = Server::start().await;
    let (ann, eve) = (server.person("ann").await, server.person("eve").await);
    let body = json!({ "name": "back room", "kind": "group", "visibility": "private" });
    let room = text(&ann.post("/v1/rooms", body).await.expect(201)["id"]);
    let message = text(&ann.say(&room, "hush").await["id"]);
    eve.get(&format!("/v1/rooms/{room}/messages")).await.refused(404, "room_not_found");
    eve.get(&format!("/v1/rooms/{room}/events")).await.refused(404, "room_not_found");
    eve.get(&format!("/v1/messages/{message}")).await.refused(404, "message_not_found");
    eve.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "hi" }))
        .await
        .refused(404, "room_not_found");
}
