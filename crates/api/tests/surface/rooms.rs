//! Where people talk, and who is in there.

use poem::http::Method;
use serde_json::{Value, json};

use crate::kit::{Person, Server, text};

#[tokio::test]
async fn a_room_is_made_and_found() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("garden").await;
    let mine = ann.get(&format!("/v1/rooms/{room}")).await.expect(200);
    assert_eq!((&mine["name"], &mine["role"]), (&json!("garden"), &json!("owner")));
    assert!(bob.get("/v1/rooms/public").await.body.contains(&room));
    assert!(!bob.get("/v1/rooms").await.body.contains(&room));
    bob.join(&room).await;
    assert!(bob.get("/v1/rooms").await.body.contains(&room));
    bob.patch(&format!("/v1/rooms/{room}"), json!({ "name": "mine" })).await.refused(403, "not_allowed");
    let changed =
        ann.patch(&format!("/v1/rooms/{room}"), json!({ "announcement": "hush" })).await.expect(200);
    assert_eq!((&changed["name"], &changed["announcement"]), (&json!("garden"), &json!("hush")));
    ann.delete(&format!("/v1/rooms/{room}")).await.expect(204);
    ann.get(&format!("/v1/rooms/{room}")).await.refused(404, "room_not_found");
}

#[tokio::test]
async fn a_room_that_breaks_the_rules_is_refused() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    for (field, value) in [
        ("name", json!("  ")),
        ("name", json!("茶".repeat(65))),
        ("name", json!(5)),
        ("kind", json!("direct")),
        ("visibility", json!("hidden")),
        ("members", json!(["nobody"])),
    ] {
        let mut body = json!({ "name": "garden", "kind": "group", "visibility": "public" });
        body[field] = value;
        let named = ann.post("/v1/rooms", body.clone()).await.wrong_field();
        assert!(named.starts_with(field), "{named} in {body}");
    }
}

#[tokio::test]
async fn two_people_have_one_direct_room() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let first = ann.post("/v1/directs", json!({ "user": bob.id })).await.expect(201);
    let again = bob.post("/v1/directs", json!({ "user": ann.id })).await.expect(200);
    assert_eq!(first["id"], again["id"]);
    assert_eq!((&first["peer"]["name"], &again["peer"]["name"]), (&json!("bob"), &json!("ann")));
    ann.post("/v1/directs", json!({ "user": ann.id })).await.refused(409, "conflict");
}

#[tokio::test]
async fn members_come_change_and_go() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("garden").await;
    let at_bob = format!("/v1/rooms/{room}/members/{}", bob.id);
    // An invitation may say nothing, and have no body.
    let invitation = ann.call(Method::PUT, &at_bob, None).await.expect(202);
    assert_eq!((&invitation["role"], &invitation["room"]["id"]), (&json!("member"), &json!(room)));
    let waiting = bob.get("/v1/invitations").await.expect(200);
    assert_eq!((&waiting["items"][0], &waiting["next"]), (&invitation, &Value::Null));
    let accept = format!("/v1/invitations/{room}/accept");
    assert_eq!(bob.call(Method::POST, &accept, None).await.expect(200)["role"], "member");
    assert_eq!(bob.call(Method::POST, &accept, None).await.expect(200)["role"], "member");
    assert_eq!(ann.put(&at_bob, json!({ "role": "admin" })).await.expect(200)["role"], "admin");
    let until = "2999-01-01T00:00:00.000Z";
    assert_eq!(ann.put(&at_bob, json!({ "muted_until": until })).await.expect(200)["muted_until"], until);
    let free = ann.put(&at_bob, json!({ "muted_until": null })).await.expect(200);
    assert_eq!((&free["muted_until"], &free["role"]), (&Value::Null, &json!("admin")));
    assert_eq!(ann.put(&at_bob, json!({ "muted_until": "soon" })).await.wrong_field(), "muted_until");
    ann.delete(&at_bob).await.expect(204);
    ann.delete(&at_bob).await.refused(404, "user_not_found");
    bob.get(&format!("/v1/rooms/{room}/members")).await.refused(403, "not_a_member");
    bob.call(Method::POST, &accept, None).await.refused(404, "room_not_found");
    // Invited again, it is taken back, and refused where it waits no more.
    ann.call(Method::PUT, &at_bob, None).await.expect(202);
    ann.delete(&at_bob).await.expect(204);
    bob.call(Method::POST, &accept, None).await.refused(404, "room_not_found");
    let refuse = format!("/v1/invitations/{room}/refuse");
    bob.call(Method::POST, &refuse, None).await.refused(404, "room_not_found");
    ann.call(Method::PUT, &at_bob, None).await.expect(202);
    bob.call(Method::POST, &refuse, None).await.expect(204);
    ann.call(Method::PUT, &at_bob, None).await.refused(409, "conflict");
}

#[tokio::test]
async fn a_banned_user_stays_out_until_the_ban_is_lifted() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("garden").await;
    bob.join(&room).await;
    let ban = format!("/v1/rooms/{room}/bans/{}", bob.id);
    ann.call(Method::PUT, &ban, None).await.expect(204);
    let bans = ann.get(&format!("/v1/rooms/{room}/bans")).await.expect(200);
    assert_eq!((&bans["items"][0]["user"]["id"], &bans["next"]), (&json!(bob.id), &Value::Null));
    bob.call(Method::POST, &format!("/v1/rooms/{room}/join"), None).await.refused(403, "banned");
    ann.delete(&ban).await.expect(204);
    bob.join(&room).await;
}

#[tokio::test]
async fn the_lobby_is_not_left() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let lobby = server.chat.lobby();
    ann.call(Method::POST, &format!("/v1/rooms/{lobby}/leave"), None).await.refused(409, "conflict");
}

async fn all_pages(ann: &Person<'_>, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = String::new();
    loop {
        let page = ann.get(&format!("{path}?limit=2{next}")).await.expect(200);
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
        let Some(cursor) = page["next"].as_str() else { return ids };
        next = format!("&cursor={cursor}");
    }
}

#[tokio::test]
async fn pages_hold_everything_once() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    for number in 0..5 {
        ann.room(&format!("room {number}")).await;
    }
    for path in ["/v1/rooms", "/v1/rooms/public"] {
        let mut ids = all_pages(&ann, path).await;
        ids.sort();
        ids.dedup();
        // With the lobby.
        assert_eq!(ids.len(), 6, "{path}");
    }
}
