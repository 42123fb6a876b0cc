//! Requests that are none of ours: problem documents, never a 500.

use reqwest::Method;
use serde_json::json;
use teahouse_tests::{Answer, Settings, TestServer, server_test};

#[server_test]
async fn an_unknown_path_is_a_problem_document(server: TestServer) {
    let ann = server.person("ann").await;
    for path in ["/v1/nothing", "/v1", "/v1/rooms/not-an-id/nothing"] {
        ann.get(path).await.refused(404, "not_found");
    }
    Answer::of(ann.request(Method::PUT, "/v1/rooms")).await.refused(405, "method_not_allowed");
}

#[server_test]
async fn a_body_that_is_no_json_is_refused(server: TestServer) {
    let ann = server.person("ann").await;
    for body in ["", "{", "null", "[]", "5", "{\"name\":\"\\ud800\"}", "\u{feff}{}"] {
        let request = ann.request(Method::POST, "/v1/rooms").header("content-type", "application/json");
        let answer = Answer::of(request.body(body)).await;
        assert!(matches!(answer.status, 400 | 422), "{body:?}: {answer}");
        let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(matches!(code.as_str(), "bad_json" | "invalid_field"), "{body:?}: {answer}");
        answer.refused(answer.status, &code);
    }
    let bytes = ann
        .request(Method::POST, "/v1/rooms")
        .header("content-type", "application/json")
        .body(vec![0xff; 20]);
    let answer = Answer::of(bytes).await;
    answer.refused(400, "bad_json");
    let form =
        ann.request(Method::POST, "/v1/rooms").header("content-type", "text/plain").body("name=garden");
    Answer::of(form).await.refused(415, "unsupported_media_type");
}

#[server_test]
async fn an_id_that_is_none_is_not_found_or_wrong(server: TestServer) {
    let ann = server.person("ann").await;
    for id in ["x", "0", "%00", "..%2f..", "01900000-0000-7000-8000-00000000000g"] {
        let answer = ann.get(&format!("/v1/rooms/{id}")).await;
        assert!(matches!(answer.status, 400 | 404 | 422), "{id}: {answer}");
        let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        answer.refused(answer.status, &code);
    }
}

fn with_small_bodies(settings: Settings) -> Settings {
    settings.set("limits.body_bytes", 4096)
}

#[server_test(with_small_bodies)]
async fn an_oversized_body_is_refused(server: TestServer) {
    let ann = server.person("ann").await;
    let body = json!({ "name": "x".repeat(5000), "kind": "group", "visibility": "public" });
    ann.post("/v1/rooms", body).await.refused(413, "body_too_large");
}

/// The id comes back, so that a report can be found in the log; one that is no id is replaced.
#[server_test]
async fn a_request_id_comes_back(server: TestServer) {
    let given = server.http().get(server.url("/v1/me")).header("X-Request-Id", "report-17");
    let answer = Answer::of(given).await;
    assert_eq!(answer.header("x-request-id"), "report-17");
    assert_eq!(answer.refused(401, "session_required")["request_id"], "report-17");
    let made = server.get("/v1/me").await;
    assert!(!made.header("x-request-id").is_empty());
    let long = server.http().get(server.url("/v1/me")).header("X-Request-Id", "x".repeat(4000));
    assert!(Answer::of(long).await.header("x-request-id").len() < 200);
}

/// `detail` is for people, in their language; `code` is for programs, in one.
#[server_test]
async fn problems_speak_the_callers_language(server: TestServer) {
    let detail = async |language: &str| {
        let request = server.http().get(server.url("/v1/me")).header("Accept-Language", language);
        Answer::of(request).await.refused(401, "session_required")["detail"]
            .as_str()
            .expect("detail")
            .to_owned()
    };
    assert!(detail("zh-CN,zh;q=0.9").await.contains("登录"));
    assert!(detail("en").await.is_ascii());
}
