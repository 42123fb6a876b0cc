//! Tokens for a business server's own users.

use serde_json::json;
use teahouse_tests::{Answer, TestServer, secret_in, server_test};

/// The key is asked for first: without it nothing is learnt.
#[server_test]
async fn a_token_needs_an_api_key(server: TestServer) {
    let body = json!({ "external_id": "customer-7", "name": "顾客" });
    server.post("/v1/auth/tokens", body.clone()).await.refused(401, "api_key_invalid");
    server.ask_for_token("forged", &body).await.refused(401, "api_key_invalid");
    // A user's token is no API key.
    let ann = server.person("ann").await;
    ann.post("/v1/auth/tokens", body).await.refused(401, "api_key_invalid");
}

/// A business server signs its own user in: the same user each time, with the profile that it gives.
#[server_test]
async fn a_business_server_signs_its_users_in(server: TestServer) {
    let key = server.api_key("shop").await;
    let sign_in = async |body: serde_json::Value| server.ask_for_token(&key, &body).await;
    let first = sign_in(json!({ "external_id": "customer-7", "name": "顾客" })).await.expect(200);
    let again = sign_in(json!({ "external_id": "customer-7" })).await.expect(200);
    assert_eq!(first["user"]["id"], again["user"]["id"]);
    assert_eq!(again["user"]["name"], "顾客");
    let other = sign_in(json!({ "external_id": "customer-8" })).await.expect(200);
    assert_ne!(other["user"]["id"], first["user"]["id"]);
    let token = first["token"].as_str().expect("a token");
    let mut socket = server.open(&format!("/ws?token={token}"), &[]).await;
    assert_eq!(socket.event("hello").await["user"]["id"], first["user"]["id"]);
    let refused = sign_in(json!({ "external_id": "" })).await;
    refused.refused(refused.status, "invalid_field");
}

/// The command line mints a session, too, for whoever holds the server's configuration.
#[server_test]
async fn the_command_line_mints_a_session(server: TestServer) {
    let minted = server.command(&["token", "mint", "customer-7", "--name", "顾客"]).await;
    assert_eq!(minted.code, 0, "{minted:?}");
    let token = secret_in(&minted.printed);
    let me = Answer::of(server.http().get(server.url("/v1/me")).bearer_auth(token)).await.expect(200);
    assert_eq!(me["name"], "顾客");
}

/// A key that leaked is ended while the server runs.
#[server_test]
async fn a_revoked_key_opens_nothing(server: TestServer) {
    let key = secret_in(&server.command(&["token", "key", "shop"]).await.printed);
    let body = json!({ "external_id": "customer-7" });
    let sign_in = || server.ask_for_token(&key, &body);
    sign_in().await.expect(200);
    let listed = server.command(&["token", "list"]).await;
    let line = listed.printed.lines().find(|line| line.ends_with("shop")).expect("the key");
    assert!(line.contains("good") && !listed.printed.contains(&key), "{listed:?}");
    let id = line.split(' ').next().expect("its id");
    assert_eq!(server.command(&["token", "revoke", id]).await.printed.trim(), "revoked");
    sign_in().await.refused(401, "api_key_invalid");
    assert_eq!(server.command(&["token", "revoke", id]).await.printed.trim(), "it was revoked before");
    let unknown = server.command(&["token", "revoke", "0199aa00-0000-7000-8000-000000000001"]).await;
    assert!(unknown.code == 1 && unknown.errors.contains("no such API key"), "{unknown:?}");
}

/// Programs do the same by REST; a key can end itself.
#[server_test]
async fn keys_are_made_listed_and_revoked_by_rest(server: TestServer) {
    let keeper = server.keeper().await;
    let made = keeper.post("/keys", json!({ "name": "shop" })).await.expect(201);
    let (key, body) = (made["key"].as_str().expect("a key"), json!({ "external_id": "customer-7" }));
    let sign_in = || server.ask_for_token(key, &body);
    sign_in().await.expect(200);
    let newest = keeper.get("/keys?limit=1").await.expect(200);
    assert_eq!((&newest["items"][0]["id"], &newest["items"][0]["scope"]), (&made["id"], &json!("users")));
    let older =
        keeper.get(&format!("/keys?cursor={}", newest["next"].as_str().expect("more"))).await.expect(200);
    assert_eq!((&older["items"][0]["name"], &older["next"]), (&json!("keeper"), &json!(null)));
    let path = |id: &serde_json::Value| format!("/keys/{}", id.as_str().expect("an id"));
    let revoke = async |id| Answer::of(keeper.request(reqwest::Method::DELETE, &path(id))).await;
    revoke(&made["id"]).await.expect(204);
    sign_in().await.refused(401, "api_key_invalid");
    let unknown = json!("0199aa00-0000-7000-8000-000000000001");
    revoke(&unknown).await.refused(404, "not_found");
    revoke(&older["items"][0]["id"]).await.expect(204);
    keeper.get("/keys").await.refused(401, "api_key_invalid");
}
