//! The OpenAPI document is valid, complete, and true.

use serde_json::Value;
use teahouse_tests::{TestServer, run_venv, server_test};

/// What `surface.md` names.
const OPERATIONS: &[(&str, &str)] = &[
    ("post", "/v1/auth/wechat"),
    ("post", "/v1/auth/guest"),
    ("post", "/v1/auth/tokens"),
    ("post", "/v1/auth/refresh"),
    ("post", "/v1/auth/logout"),
    ("get", "/v1/sessions"),
    ("delete", "/v1/sessions/{}"),
    ("get", "/v1/me"),
    ("patch", "/v1/me"),
    ("get", "/v1/users/{}"),
    ("get", "/v1/rooms"),
    ("post", "/v1/rooms"),
    ("get", "/v1/rooms/public"),
    ("post", "/v1/directs"),
    ("get", "/v1/rooms/{}"),
    ("patch", "/v1/rooms/{}"),
    ("delete", "/v1/rooms/{}"),
    ("post", "/v1/rooms/{}/join"),
    ("post", "/v1/rooms/{}/leave"),
    ("get", "/v1/rooms/{}/members"),
    ("put", "/v1/rooms/{}/members/{}"),
    ("delete", "/v1/rooms/{}/members/{}"),
    ("get", "/v1/rooms/{}/messages"),
    ("post", "/v1/rooms/{}/messages"),
    ("get", "/v1/rooms/{}/events"),
];

#[server_test]
async fn the_document_is_valid(server: TestServer) {
    let document = server.get("/openapi.json").await;
    document.expect(200);
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    std::fs::write(file.path(), &document.text).expect("the document");
    run_venv("openapi-spec-validator", &[file.path().to_str().expect("a path")]).await;
    let yaml = server.get("/openapi.yaml").await;
    assert_eq!(yaml.status, 200);
    assert!(yaml.text.contains("openapi:"), "{yaml}");
}

/// Everything that clients build on is described, each operation with a name and with its errors.
#[server_test]
async fn the_document_is_complete(server: TestServer) {
    let document = server.get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().expect("paths");
    for (method, path) in OPERATIONS {
        let found =
            paths.iter().find(|(described, _)| shape(described) == *path).map(|(_, item)| &item[*method]);
        let operation = found.filter(|operation| operation.is_object());
        let operation = operation.unwrap_or_else(|| panic!("{method} {path} is not described"));
        assert!(operation["operationId"].is_string(), "{method} {path} has no operationId");
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('4')), "{method} {path} lists no errors");
    }
}

/// The path with its parameters' names left out.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Sixty seconds of everything that the document allows and forbids: no server error, and no answer that it does not
/// describe. (One database is enough for a question about the surface; both are asked by all other tests.)
#[server_test]
async fn the_server_answers_as_described(server: TestServer) {
    let ann = server.person("ann").await;
    ann.say(&ann.public_room("garden").await, "something to find").await;
    let authorization = format!("Authorization: Bearer {}", ann.token);
    let document = server.url("/openapi.json");
    let arguments: &[&str] = &[
        "run",
        &document,
        "--header",
        &authorization,
        "--checks",
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance",
        // Their success would end the session that all other calls need.
        "--exclude-path-regex",
        "/v1/auth/(logout|refresh)|/v1/sessions/",
        "--max-time",
        "60",
        "--seed",
        "7",
        "--no-color",
    ];
    run_venv("schemathesis", arguments).await;
    assert_ne!(ann.get("/v1/me").await.expect(200), Value::Null, "the session still lives");
}
