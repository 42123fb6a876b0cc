//! Nobody is in a room by a stranger's will.

use serde_json::json;
use teahouse_tests::{Settings, TestServer, server_test};

fn member(room: &str, id: &str) -> String {
    format!("/v1/rooms/{room}/members/{id}")
}

/// Whoever is invited learns it by a notice and in a list, sees nothing of the room, and decides.
#[server_test]
async fn who_is_invited_decides(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (study, cellar) =
        (ann.room("study", "group", "private").await, ann.room("cellar", "group", "private").await);
    ann.say(&study, "between us").await;
    let mut at_bob = bob.connect().await;
    let invitation = ann.put(&member(&study, &bob.id), json!({})).await.expect(202);
    assert_eq!(
        (&invitation["room"]["name"], &invitation["invited_by"]["id"]),
        (&json!("study"), &json!(ann.id))
    );
    let notice = at_bob.event("notice").await;
    assert_eq!(
        (&notice["kind"], &notice["room"], &notice["user"]),
        (&json!("invited"), &json!(study), &json!(ann.id))
    );
    // Again is the same as once.
    ann.put(&member(&study, &bob.id), json!({})).await.expect(202);
    assert_eq!(bob.invitations().await, [(study.clone(), ann.id.clone())]);
    for hidden in ["", "/messages", "/events", "/members"] {
        bob.get(&format!("/v1/rooms/{study}{hidden}")).await.refused(404, "room_not_found");
    }
    bob.post(&format!("/v1/rooms/{study}/join"), json!({})).await.refused(404, "room_not_found");
    assert!(!bob.get("/v1/rooms").await.expect(200).to_string().contains(&study));
    bob.accept(&study).await;
    bob.say(&study, "here I am").await;
    let came = ann.history(&study).await;
    assert_eq!(teahouse_tests::contents(&came), ["between us", "here I am"]);
    // And refuses another, of which nobody is told until they ask again.
    ann.put(&member(&cellar, &bob.id), json!({})).await.expect(202);
    bob.post(&format!("/v1/invitations/{cellar}/refuse"), json!({})).await.expect(204);
    assert!(bob.invitations().await.is_empty());
    ann.put(&member(&cellar, &bob.id), json!({})).await.refused(409, "conflict");
    bob.post(&format!("/v1/invitations/{cellar}/accept"), json!({})).await.refused(404, "room_not_found");
}

/// A guest tries to put somebody into as many rooms as he can: they are in none, and he comes to an end.
#[server_test(strict)]
async fn a_stranger_puts_nobody_into_rooms(server: TestServer) {
    let (guest, bob) = (server.guest("guest").await, server.person("bob").await);
    let body = json!({ "name": "trap", "kind": "group", "visibility": "private", "members": [bob.id] });
    for _ in 0..2 {
        guest.post("/v1/rooms", body.clone()).await.expect(201);
    }
    // The third invitation is one too many; a room without anybody may still be made, and then none.
    let refused = guest.post("/v1/rooms", body.clone()).await;
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{refused}");
    refused.refused(429, "quota_reached");
    let alone = json!({ "name": "trap", "kind": "group", "visibility": "private" });
    guest.post("/v1/rooms", alone.clone()).await.expect(201);
    guest.post("/v1/rooms", alone.clone()).await.refused(429, "quota_reached");
    let mine = bob.get("/v1/rooms").await.expect(200);
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1), "the lobby alone: {mine}");
    assert_eq!(bob.invitations().await.len(), 2);
    // Conversations of two likewise; one that is there is found again.
    let (cid, dan) = (server.person("cid").await, server.person("dan").await);
    let direct = guest.post("/v1/directs", json!({ "user": bob.id })).await.expect(201);
    guest.post("/v1/directs", json!({ "user": cid.id })).await.expect(201);
    guest.post("/v1/directs", json!({ "user": dan.id })).await.refused(429, "quota_reached");
    assert_eq!(guest.post("/v1/directs", json!({ "user": bob.id })).await.expect(200)["id"], direct["id"]);
    // Another's quota is another's.
    bob.post("/v1/rooms", alone).await.expect(201);
}

fn strict(settings: Settings) -> Settings {
    settings
        .set("limits.rooms_per_day", 4)
        .set("limits.directs_per_day", 2)
        .set("limits.invitations_per_day", 2)
        .set("limits.invitations_waiting", 10)
}

/// The business puts its own users into its own users' rooms, as its operator means it.
#[server_test]
async fn a_business_places_its_own_users(server: TestServer) {
    let key = server.api_key("shop").await;
    let (clerk, buyer) = (server.minted(&key, "clerk").await, server.minted(&key, "buyer").await);
    let stranger = server.person("stranger").await;
    let body = json!({ "name": "order 7", "kind": "group", "visibility": "private", "members": [buyer.id, stranger.id] });
    let room = clerk.post("/v1/rooms", body).await.expect(201);
    let room = room["id"].as_str().expect("an id");
    buyer.say(room, "where is my tea?").await;
    stranger.get(&format!("/v1/rooms/{room}")).await.refused(404, "room_not_found");
    assert_eq!(stranger.invitations().await, [(room.to_owned(), clerk.id.clone())]);
    // And a stranger does not place them.
    let trap = stranger.room("trap", "group", "private").await;
    stranger.put(&member(&trap, &buyer.id), json!({})).await.expect(202);
    buyer.get(&format!("/v1/rooms/{trap}")).await.refused(404, "room_not_found");
}
