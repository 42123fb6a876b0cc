//! Tokens for a business server's own users.

use serde_json::json;
use teahouse_tests::{Answer, TestServer, server_test};

/// The key is asked for first: without it nothing is learnt.
#[server_test]
async fn a_token_needs_an_api_key(server: TestServer) {
    let body = json!({ "external_id": "customer-7", "name": "顾客" });
    server.post("/v1/auth/tokens", body.clone()).await.refused(401, "api_key_invalid");
    let forged = server.http().post(server.url("/v1/auth/tokens")).bearer_auth("forged").json(&body);
    Answer::of(forged).await.refused(401, "api_key_invalid");
    // A user's token is no API key.
    let ann = server.person("ann").await;
    ann.post("/v1/auth/tokens", body).await.refused(401, "api_key_invalid");
}
