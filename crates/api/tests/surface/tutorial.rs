//! `/api/historyMessages`, as the tutorial's client asks for it.

use poem::http::Method;
use serde_json::json;

use crate::kit::{Server, request};

#[tokio::test]
async fn history_has_the_tutorials_shape() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let lobby = server.chat.lobby().to_string();
    ann.say(&lobby, "one").await;
    bob.say(&lobby, "two").await;
    ann.say(&lobby, "three").await;
    let answer = ann.get("/api/historyMessages?limit=2").await.expect(200);
    assert_eq!(answer["code"], 0);
    let lists = answer["lists"].as_array().unwrap();
    let seen: Vec<_> = lists.iter().map(|item| (&item["content"], &item["from"])).collect();
    assert_eq!(seen, [(&json!("two"), &json!("other")), (&json!("three"), &json!("me"))]);
    assert_eq!((&lists[0]["type"], &lists[0]["sender"]["name"]), (&json!("msg"), &json!("bob")));
}

#[tokio::test]
async fn the_token_may_stand_anywhere() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let path = "/api/historyMessages";
    let asked = [
        request(Method::GET, &format!("{path}?token={}&limit=1", ann.token)).finish(),
        request(Method::GET, path).header("token", &ann.token).finish(),
        request(Method::POST, path)
            .content_type("application/json")
            .body(json!({ "token": ann.token, "limit": "5" }).to_string()),
        request(Method::POST, path)
            .content_type("application/x-www-form-urlencoded")
            .body(format!("token={}&limit=5", ann.token)),
    ];
    for request in asked {
        assert_eq!(server.send(request).await.expect(200)["code"], 0);
    }
}

#[tokio::test]
async fn a_failure_is_still_http_200() {
    let server = Server::start().await;
    for path in ["/api/historyMessages", "/api/historyMessages?token=forged"] {
        let answer = server.get(path).await.expect(200);
        assert_eq!((&answer["code"], &answer["lists"]), (&json!(-1), &json!([])));
    }
}
