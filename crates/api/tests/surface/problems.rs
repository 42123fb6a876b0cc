//! Requests that are none of ours: problem documents, whatever is wrong.

use poem::http::Method;
use serde_json::json;
use teahouse_api::ApiLimits;

use crate::kit::{NO_LIMITS, Server, request};

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems() {
    let server = Server::start().await;
    for path in ["/v1", "/v1/nothing", "/nothing", "/v1/rooms/x/nothing"] {
        server.get(path).await.refused(404, "not_found");
    }
    let answer = server.send(request(Method::PUT, "/v1/rooms").finish()).await;
    answer.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, POST, HEAD");
}

#[tokio::test]
async fn who_asks_is_looked_at_before_what_they_ask() {
    let server = Server::start().await;
    server.post("/v1/rooms", json!({})).await.refused(401, "session_required");
    let answer = server.get("/v1/rooms/nonsense").await;
    answer.refused(401, "session_required");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let forged = request(Method::GET, "/v1/me").header("authorization", "bearer forged").finish();
    server.send(forged).await.refused(401, "session_expired");
    let basic = request(Method::GET, "/v1/me").header("authorization", "Basic YTpi").finish();
    server.send(basic).await.refused(401, "session_required");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    for body in ["", "{", "null", "[]", "5", "{\"name\":\"\\ud800\"}", "\u{feff}{}"] {
        let request = ann.request(Method::POST, "/v1/rooms").content_type("application/json; charset=utf-8");
        server.send(request.body(body)).await.refused(400, "bad_json");
    }
    let twice = json!({ "name": "garden", "kind": "group", "visibility": "public" }).to_string().repeat(2);
    let request = ann.request(Method::POST, "/v1/rooms").content_type("application/json").body(twice);
    server.send(request).await.refused(400, "bad_json");
    let bytes = ann.request(Method::POST, "/v1/rooms").content_type("application/json").body(vec![0xff; 9]);
    server.send(bytes).await.refused(400, "bad_json");
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "nonsense", ""] {
        let request = ann.request(Method::POST, "/v1/rooms").content_type(content_type).body("{}");
        server.send(request).await.refused(415, "unsupported_media_type");
    }
    let without = ann.request(Method::POST, "/v1/rooms").body("{}");
    server.send(without).await.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_body_past_the_limit_is_refused() {
    let server = Server::with(ApiLimits { body_bytes: 100, ..NO_LIMITS }, true).await;
    let ann = server.person("ann").await;
    let sized = |size: usize| {
        let room = json!({ "name": "garden", "kind": "group", "visibility": "public" }).to_string();
        format!("{room:<size$}")
    };
    let post =
        |body: String| ann.request(Method::POST, "/v1/rooms").content_type("application/json").body(body);
    server.send(post(sized(100))).await.expect(201);
    server.send(post(sized(101))).await.refused(413, "body_too_large");
    let announced = ann.request(Method::POST, "/v1/rooms").header("content-length", "101");
    server.send(announced.content_type("application/json").body("{}")).await.refused(413, "body_too_large");
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    assert_eq!(ann.get("/v1/rooms/nonsense").await.wrong_field(), "room");
    let room = ann.room("garden").await;
    assert_eq!(ann.delete(&format!("/v1/rooms/{room}/members/x")).await.wrong_field(), "user");
    for limit in ["0", "201", "many", "-1", ""] {
        assert_eq!(ann.get(&format!("/v1/rooms?limit={limit}")).await.wrong_field(), "limit");
    }
    assert_eq!(ann.get("/v1/rooms?cursor=x").await.wrong_field(), "cursor");
    let key = ann.request(Method::POST, "/v1/rooms").header("Idempotency-Key", "a b");
    assert_eq!(
        server.send(key.content_type("application/json").body("{}")).await.wrong_field(),
        "Idempotency-Key"
    );
}

#[tokio::test]
async fn a_request_id_is_taken_over_or_made() {
    let server = Server::start().await;
    let with = |id: &str| request(Method::GET, "/v1/me").header("X-Request-Id", id).finish();
    assert_eq!(server.send(with("report-17")).await.header("x-request-id"), "report-17");
    assert_ne!(server.send(with("a b")).await.header("x-request-id"), "a b");
    assert_eq!(server.send(with(&"x".repeat(4000))).await.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn a_problem_speaks_the_callers_language() {
    let server = Server::start().await;
    let detail = async |language: &str| {
        let request = request(Method::GET, "/v1/me").header("Accept-Language", language).finish();
        let answer = server.send(request).await;
        (answer.header("content-language").to_owned(), answer.json()["detail"].to_string())
    };
    assert_eq!(detail("zh-CN,zh;q=0.9").await, ("zh".into(), "\"请先登录。\"".into()));
    assert_eq!(detail("en").await, ("en".into(), "\"Sign in first.\"".into()));
}

#[tokio::test]
async fn past_their_allowance_a_user_waits() {
    let server = Server::with(ApiLimits { requests_per_second: 2, ..NO_LIMITS }, true).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let first = ann.get("/v1/me").await;
    assert_eq!(first.header("ratelimit-policy"), "\"requests\";q=2;w=1");
    assert_eq!(first.header("ratelimit"), "\"requests\";r=1;t=1");
    ann.get("/v1/me").await.expect(200);
    let third = ann.get("/v1/me").await;
    third.refused(429, "rate_limited");
    assert_eq!(third.header("retry-after"), "1");
    assert_eq!(third.header("ratelimit"), "\"requests\";r=0;t=1");
    bob.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn without_a_limit_there_are_no_headers_of_one() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    assert_eq!(ann.get("/v1/me").await.header("ratelimit"), "");
}
