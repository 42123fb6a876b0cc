//! Profiles.

use serde_json::{Value, json};

use crate::kit::Server;

#[tokio::test]
async fn a_profile_is_changed_in_part() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let picture = "https://example.com/a.png";
    let me = ann.patch("/v1/me", json!({ "avatar": picture })).await.expect(200);
    assert_eq!((&me["name"], &me["avatar"]), (&json!("ann"), &json!(picture)));
    ann.patch("/v1/me", json!({ "name": "Anna" })).await.expect(200);
    let seen = bob.get(&format!("/v1/users/{}", ann.id)).await.expect(200);
    assert_eq!((&seen["name"], &seen["avatar"]), (&json!("Anna"), &json!(picture)));
    let bare = ann.patch("/v1/me", json!({ "avatar": null })).await.expect(200);
    assert_eq!((&bare["name"], &bare["avatar"]), (&json!("Anna"), &Value::Null));
}

#[tokio::test]
async fn a_profile_keeps_the_rules() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    assert_eq!(ann.patch("/v1/me", json!({ "name": "" })).await.wrong_field(), "name");
    assert_eq!(ann.patch("/v1/me", json!({ "avatar": "javascript:alert(1)" })).await.wrong_field(), "avatar");
    ann.get("/v1/users/01900000-0000-7000-8000-000000000000").await.refused(404, "user_not_found");
}
