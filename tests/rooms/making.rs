//! Making and changing rooms.

use reqwest::Method;
use serde_json::json;
use teahouse_tests::{Answer, TestServer, server_test};

#[server_test]
async fn a_made_room_is_listed_for_its_owner(server: TestServer) {
    let ann = server.person("ann").await;
    let room = ann.public_room("garden").await;
    let mine = ann.get("/v1/rooms").await.expect(200);
    let listed = mine["items"].as_array().expect("items").iter().any(|listed| listed["id"] == room.as_str());
    assert!(listed, "{mine}");
    let shown = ann.get(&format!("/v1/rooms/{room}")).await.expect(200);
    assert_eq!(
        (&shown["name"], &shown["kind"], &shown["visibility"]),
        (&json!("garden"), &json!("group"), &json!("public"))
    );
}

/// Public rooms are found by everybody, private ones by nobody.
#[server_test]
async fn only_public_rooms_are_found(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let garden = ann.public_room("garden").await;
    let study = ann.room("study", "group", "private").await;
    let found = bob.get("/v1/rooms/public").await.expect(200).to_string();
    assert!(found.contains(&garden) && !found.contains(&study), "{found}");
}

#[server_test]
async fn a_room_may_be_made_with_members(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let body = json!({ "name": "study", "kind": "group", "visibility": "private", "members": [bob.id] });
    let room = ann.post("/v1/rooms", body).await.expect(201);
    let id = room["id"].as_str().expect("an id");
    ann.say(id, "welcome").await;
    bob.accept(id).await;
    assert_eq!(teahouse_tests::contents(&bob.history(id).await), ["welcome"]);
}

/// The same key makes one room; with another body it is a conflict.
#[server_test]
async fn an_idempotency_key_makes_one_room(server: TestServer) {
    let ann = server.person("ann").await;
    let make = async |name: &str| {
        let body = json!({ "name": name, "kind": "group", "visibility": "public" });
        Answer::of(ann.request(Method::POST, "/v1/rooms").header("Idempotency-Key", "key-1").json(&body))
            .await
    };
    let first = make("garden").await.expect(201);
    let again = make("garden").await.expect(201);
    assert_eq!(first["id"], again["id"]);
    make("kitchen").await.refused(422, "idempotency_conflict");
    // The key is the caller's own.
    let bob = server.person("bob").await;
    let body = json!({ "name": "kitchen", "kind": "group", "visibility": "public" });
    let request = bob.request(Method::POST, "/v1/rooms").header("Idempotency-Key", "key-1").json(&body);
    assert_ne!(Answer::of(request).await.expect(201)["id"], first["id"]);
}

/// There is one direct room for each pair, whoever asks.
#[server_test]
async fn a_pair_has_one_direct_room(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let first = ann.post("/v1/directs", json!({ "user": bob.id })).await.expect(201);
    let again = ann.post("/v1/directs", json!({ "user": bob.id })).await.expect(200);
    let from_bob = bob.post("/v1/directs", json!({ "user": ann.id })).await.expect(200);
    assert_eq!((&first["id"], &first["id"]), (&again["id"], &from_bob["id"]));
    assert_eq!(first["kind"], "direct");
    let id = first["id"].as_str().expect("an id");
    ann.say(id, "just us").await;
    bob.say(id, "yes").await;
    let eve = server.person("eve").await;
    eve.get(&format!("/v1/rooms/{id}")).await.refused(404, "room_not_found");
    eve.post(&format!("/v1/rooms/{id}/join"), json!({})).await.refused(404, "room_not_found");
}

/// Whoever asks at the same time gets the same room.
#[server_test]
async fn a_race_for_a_direct_room_makes_one(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (left, right) = tokio::join!(
        ann.post("/v1/directs", json!({ "user": bob.id })),
        bob.post("/v1/directs", json!({ "user": ann.id }))
    );
    assert!(matches!((left.status, right.status), (200 | 201, 200 | 201)), "{left}\n{right}");
    assert_eq!(left.json()["id"], right.json()["id"]);
}

#[server_test]
async fn a_direct_room_needs_somebody_else(server: TestServer) {
    let ann = server.person("ann").await;
    let nobody = "01900000-0000-7000-8000-000000000000";
    ann.post("/v1/directs", json!({ "user": nobody })).await.refused(404, "user_not_found");
    let alone = ann.post("/v1/directs", json!({ "user": ann.id })).await;
    assert!((400..500).contains(&alone.status), "{alone}");
}

/// A changed name is an event for those who are there.
#[server_test]
async fn a_changed_room_tells_its_members(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    let mut at_bob = bob.connect().await;
    at_bob.join(&room).await;
    ann.patch(&format!("/v1/rooms/{room}"), json!({ "name": "tea garden" })).await.expect(200);
    let event = at_bob.event("room").await;
    assert_eq!((&event["name"], &event["by"]), (&json!("tea garden"), &json!(ann.id)));
    bob.patch(&format!("/v1/rooms/{room}"), json!({ "name": "mine" })).await.refused(403, "not_allowed");
}

/// A deleted room is gone for everybody.
#[server_test]
async fn a_deleted_room_is_gone(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    bob.delete(&format!("/v1/rooms/{room}")).await.refused(403, "not_allowed");
    ann.delete(&format!("/v1/rooms/{room}")).await.expect(204);
    ann.get(&format!("/v1/rooms/{room}")).await.refused(404, "room_not_found");
    bob.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "hello?" }))
        .await
        .refused(404, "room_not_found");
}

#[server_test]
async fn a_room_that_breaks_the_rules_is_refused(server: TestServer) {
    let ann = server.person("ann").await;
    let long = "茶".repeat(65);
    for (field, value) in [
        ("name", json!("  ")),
        ("name", json!(long)),
        ("name", json!(5)),
        ("kind", json!("party")),
        ("kind", json!("direct")),
        ("visibility", json!("hidden")),
        ("members", json!(["nobody"])),
    ] {
        let mut body = json!({ "name": "garden", "kind": "group", "visibility": "public" });
        body[field] = value;
        let answer = ann.post("/v1/rooms", body.clone()).await;
        assert!(matches!(answer.status, 400 | 422), "{body}: {answer}");
        let problem = answer.refused(answer.status, "invalid_field");
        let named = problem["errors"][0]["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{field} in {problem}");
    }
}
