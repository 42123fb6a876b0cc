//! Bans from the server, by command and by REST.

use reqwest::Method;
use serde_json::json;
use teahouse_tests::{Answer, Engine, PATIENCE, Settings, TestServer, server_test};

const POLICY: u16 = 1008;

/// The command works on the database, and the server beside it notices.
#[server_test]
async fn who_is_banned_by_the_command_is_out_within_moments(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (mut socket, mut other) = (ann.connect().await, bob.connect().await);
    let banned = server.command(&["user", "ban", &ann.id, "--until", "2h", "--reason", "广告"]).await;
    assert_eq!(banned.code, 0, "{banned:?}");
    assert_eq!(socket.closes().await, Some(POLICY));
    ann.get("/v1/me").await.refused(403, "banned");
    let shown = server.command(&["user", "show", &ann.id]).await;
    assert!(shown.printed.contains("ann") && shown.printed.contains(": 广告"), "{shown:?}");
    let mut again = server.open(&format!("/ws?token={}", ann.token), &[]).await;
    assert_eq!(again.event("error").await["code"], "banned");
    assert_eq!(again.closes().await, Some(POLICY));
    other.send("c-1", "who else?").await;
    assert_eq!(server.command(&["user", "unban", &ann.id]).await.code, 0);
    let noticed = async { while ann.get("/v1/me").await.status != 200 {} };
    tokio::time::timeout(PATIENCE, noticed).await.expect("the server notices");
    ann.connect().await.send("c-2", "back again").await;
    let unknown = server.command(&["user", "ban", "0199aa00-0000-7000-8000-000000000001"]).await;
    assert!(unknown.code == 1 && unknown.errors.contains("no such user"), "{unknown:?}");
}

/// By REST, with an admin key; the record says how, and nobody else's key opens it.
#[server_test]
async fn an_admin_key_bans_and_lifts_the_ban(server: TestServer) {
    let (keeper, ann) = (server.keeper().await, server.person("ann").await);
    let mut socket = ann.connect().await;
    let path = format!("/users/{}/ban", ann.id);
    let until = "2099-01-01T00:00:00.000Z";
    let record = keeper.put(&path, json!({ "until": until, "reason": "spam" })).await.expect(200);
    assert_eq!((&record["ban"]["until"], &record["ban"]["reason"]), (&json!(until), &json!("spam")));
    assert_eq!(
        (&record["user"]["name"], &record["identities"][0]["provider"]),
        (&json!("ann"), &json!("wechat"))
    );
    assert_eq!(socket.closes().await, Some(POLICY));
    ann.get("/v1/me").await.refused(403, "banned");
    keeper.put(&path, json!({ "until": "2020-01-01T00:00:00Z" })).await.refused(422, "invalid_field");
    keeper.put(&path, json!({ "reason": "" })).await.refused(422, "invalid_field");
    keeper.get("/users/0199aa00-0000-7000-8000-000000000001").await.refused(404, "user_not_found");
    Answer::of(keeper.request(Method::DELETE, &path)).await.expect(204);
    assert_eq!(keeper.get(&format!("/users/{}", ann.id)).await.expect(200).get("ban"), None);
    ann.get("/v1/me").await.expect(200);
    let stranger = ann.request(Method::PUT, &format!("/v1/admin{path}")).json(&json!({}));
    Answer::of(stranger).await.refused(401, "api_key_invalid");
}

/// The nodes of one database have no bus in common.
#[tokio::test]
async fn a_ban_reaches_the_sockets_of_every_node() {
    let one = TestServer::start(Engine::Postgres, Settings::default()).await;
    let other = one.start_beside().await;
    let (ann, bob) = (one.person("ann").await, one.person("bob").await);
    let mut here = ann.connect().await;
    let mut there = ann.connect_to(other.address()).await;
    let mut beside = bob.connect_to(other.address()).await;
    one.keeper().await.put(&format!("/users/{}/ban", ann.id), json!({})).await.expect(200);
    assert_eq!(here.closes().await, Some(POLICY));
    assert_eq!(there.closes().await, Some(POLICY));
    beside.send("c-1", "all is quiet here").await;
}
