//! Becoming somebody, and staying it.

use poem::http::Method;
use serde_json::json;

use crate::kit::{NO_LIMITS, Server, request, text};

#[tokio::test]
async fn a_guest_is_somebody() {
    let server = Server::start().await;
    let session = server.post("/v1/auth/guest", json!({ "name": " 小明 " })).await;
    assert_eq!(session.header("cache-control"), "no-store");
    let session = session.expect(200);
    assert_eq!(session["user"]["name"], "小明");
    assert_eq!(session["user"]["is_guest"], true);
    // The body may be left out.
    let nameless = server.send(request(Method::POST, "/v1/auth/guest").finish()).await.expect(200);
    assert_ne!(nameless["user"]["name"], "");
}

#[tokio::test]
async fn guests_stay_out_where_they_are_not_allowed() {
    let server = Server::with(NO_LIMITS, false).await;
    server.post("/v1/auth/guest", json!({})).await.refused(403, "guests_not_allowed");
}

#[tokio::test]
async fn a_guests_name_keeps_the_rules() {
    let server = Server::start().await;
    for name in [json!(" "), json!("a\u{0}b"), json!(5), json!("茶".repeat(33))] {
        assert_eq!(server.post("/v1/auth/guest", json!({ "name": name })).await.wrong_field(), "name");
    }
}

#[tokio::test]
async fn a_body_that_is_no_sign_in_names_the_field() {
    let server = Server::start().await;
    for code in [json!(null), json!(5), json!(""), json!("x".repeat(257))] {
        assert_eq!(server.post("/v1/auth/wechat", json!({ "code": code })).await.wrong_field(), "code");
    }
    assert_eq!(server.post("/v1/auth/wechat", json!({})).await.wrong_field(), "code");
}

#[tokio::test]
async fn a_business_server_vouches_for_its_users() {
    let server = Server::start().await;
    let body = json!({ "external_id": "customer-7", "name": "顾客" });
    server.post("/v1/auth/tokens", body.clone()).await.refused(401, "api_key_invalid");
    let mint = |key: &str| {
        let request = request(Method::POST, "/v1/auth/tokens").header("X-Api-Key", key);
        server.send(request.content_type("application/json").body(body.to_string()))
    };
    mint("forged").await.refused(401, "api_key_invalid");
    let key = server.api_key().await;
    let first = mint(&key).await.expect(200);
    let again = mint(&key).await.expect(200);
    assert_eq!(first["user"], again["user"]);
    assert_ne!(first["token"], again["token"]);
}

#[tokio::test]
async fn a_refreshed_token_takes_the_olds_place() {
    let server = Server::start().await;
    let mut ann = server.person("ann").await;
    let session = ann.call(Method::POST, "/v1/auth/refresh", None).await.expect(200);
    ann.get("/v1/me").await.refused(401, "session_expired");
    ann.token = text(&session["token"]);
    assert_eq!(ann.get("/v1/me").await.expect(200)["id"], ann.id.as_str());
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let sessions = ann.get("/v1/sessions").await.expect(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["items"][0]["current"], true);
    let path = format!("/v1/sessions/{}", text(&sessions["items"][0]["id"]));
    bob.delete(&path).await.refused(404, "session_not_found");
    ann.delete(&path).await.expect(204);
    ann.get("/v1/me").await.refused(401, "session_expired");
    bob.call(Method::POST, "/v1/auth/logout", None).await.expect(204);
    bob.get("/v1/me").await.refused(401, "session_expired");
}
