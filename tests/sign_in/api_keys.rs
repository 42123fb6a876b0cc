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
