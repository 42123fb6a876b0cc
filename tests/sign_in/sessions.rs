//! Sessions: devices, refresh, logout, and tokens that are none.

use serde_json::{Value, json};
use teahouse_tests::{Answer, Settings, TestServer, server_test};

/// A device that was signed out from another one loses its socket at once, and its token.
#[server_test]
async fn a_deleted_session_closes_its_sockets(server: TestServer) {
    let phone = server.wechat().phone("小明").await;
    let old = server.sign_in("小明", phone.login().await.body()).await;
    let new = server.sign_in("小明", phone.login().await.body()).await;
    let (mut at_old, mut at_new) = (old.connect().await, new.connect().await);
    let sessions = new.get("/v1/sessions").await.expect(200);
    let sessions = sessions["items"].as_array().expect("items");
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let other = sessions.iter().find(|session| session["current"] == false).expect("the other device");
    assert_eq!(other["id"], at_old.hello["session"]);
    new.delete(&format!("/v1/sessions/{}", other["id"].as_str().expect("an id"))).await.expect(204);
    assert_eq!(at_old.closes().await, Some(4001));
    old.get("/v1/me").await.refused(401, "session_expired");
    at_new.send("c-1", "still here").await;
}

/// Somebody else's session does not exist.
#[server_test]
async fn nobody_ends_anothers_session(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let mut at_ann = ann.connect().await;
    let session = at_ann.hello["session"].as_str().expect("an id").to_owned();
    bob.delete(&format!("/v1/sessions/{session}")).await.refused(404, "session_not_found");
    at_ann.send("c-1", "still here").await;
}

/// A new token for the old one, which ends.
#[server_test]
async fn refresh_replaces_the_token(server: TestServer) {
    let ann = server.person("ann").await;
    let session = ann.post("/v1/auth/refresh", json!({})).await.expect(200);
    assert_ne!(session["token"], ann.token.as_str());
    assert_eq!(session["user"]["id"], ann.id.as_str());
    ann.get("/v1/me").await.refused(401, "session_expired");
    let with_new =
        server.http().get(server.url("/v1/me")).bearer_auth(session["token"].as_str().expect("a token"));
    Answer::of(with_new).await.expect(200);
}

#[server_test]
async fn logout_ends_the_session_and_its_sockets(server: TestServer) {
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    ann.post("/v1/auth/logout", json!({})).await.expect(204);
    assert_eq!(socket.closes().await, Some(4001));
    ann.get("/v1/me").await.refused(401, "session_expired");
}

/// Tokens that are none, at both doors: the same words, and never a look at what is behind.
#[server_test]
async fn a_forged_token_is_refused_at_every_door(server: TestServer) {
    let ann = server.person("ann").await;
    let mut changed = ann.token.clone();
    changed.replace_range(0..1, if changed.starts_with('A') { "B" } else { "A" });
    let long = "x".repeat(5000);
    for token in ["forged", changed.as_str(), long.as_str(), "%00"] {
        let request = server.http().get(server.url("/v1/me")).bearer_auth(token);
        Answer::of(request).await.refused(401, "session_expired");
        let mut socket = server.open(&format!("/ws?token={token}"), &[]).await;
        socket.refused("session_expired").await;
        assert_eq!(socket.closes().await, Some(4001), "{token}");
    }
    server.get("/v1/me").await.refused(401, "session_required");
}

/// The session is taken from the header first, then from the query.
#[server_test]
async fn the_header_counts_before_the_query(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let bearer = format!("Bearer {}", ann.token);
    let path = format!("/ws?token={}", bob.token);
    let mut socket = server.open(&path, &[("Authorization", &bearer)]).await;
    assert_eq!(socket.event("hello").await["user"]["id"], ann.id.as_str());
}

/// A browser fails when it offered sub-protocols and none comes back; ours is preferred.
#[server_test]
async fn an_offered_sub_protocol_comes_back(server: TestServer) {
    let ann = server.person("ann").await;
    let path = format!("/ws?token={}", ann.token);
    for (offered, chosen) in [
        ("protocol1", "protocol1"),
        ("teahouse.v1", "teahouse.v1"),
        ("protocol1, teahouse.v1", "teahouse.v1"),
    ] {
        let socket = server.open(&path, &[("Sec-WebSocket-Protocol", offered)]).await;
        assert_eq!(socket.protocol.as_deref(), Some(chosen));
    }
    assert_eq!(server.open(&path, &[]).await.protocol, None);
}

/// The first event says who one is, and what the rules are.
#[server_test]
async fn the_hello_tells_the_rules(server: TestServer) {
    let ann = server.person("ann").await;
    let socket = ann.connect().await;
    let hello = &socket.hello;
    assert_eq!((&hello["user"]["id"], &hello["user"]["name"]), (&json!(ann.id), &json!("ann")));
    assert!(hello["heartbeat_s"].is_u64() && hello["limits"]["frame_bytes"].is_u64(), "{hello}");
    assert!(hello["server_time"].is_string() && hello["session"].is_string(), "{hello}");
}

/// The profile is the user's own to change, and others see it.
#[server_test]
async fn a_changed_name_is_seen_by_others(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let me = ann.patch("/v1/me", json!({ "name": "  Anna " })).await.expect(200);
    assert_eq!(me["name"], "Anna");
    assert_eq!(ann.get("/v1/me").await.expect(200), me);
    assert_eq!(bob.get(&format!("/v1/users/{}", ann.id)).await.expect(200)["name"], "Anna");
    bob.get("/v1/users/01900000-0000-7000-8000-000000000000").await.refused(404, "user_not_found");
    let answer = ann.patch("/v1/me", json!({ "name": "" })).await;
    answer.refused(answer.status, "invalid_field");
}

fn with_one_device(settings: Settings) -> Settings {
    settings.set("sessions.one_device", true)
}

/// Where the policy is one device, the newer sign-in wins, and the older device is told why.
#[server_test(with_one_device)]
async fn a_second_device_ends_the_first(server: TestServer) {
    let phone = server.wechat().phone("小明").await;
    let old = server.sign_in("小明", phone.login().await.body()).await;
    let mut at_old = old.connect().await;
    let new = server.sign_in("小明", phone.login().await.body()).await;
    assert_eq!(at_old.closes().await, Some(4002));
    new.connect().await;
}

/// A restart ends no session.
#[server_test]
async fn sessions_survive_a_restart(mut server: TestServer) {
    let ann = server.person("ann").await;
    server.kill().await;
    server.start_again().await;
    assert_eq!(ann.get("/v1/me").await.expect(200)["id"], Value::from(ann.id.as_str()));
}
