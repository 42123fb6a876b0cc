//! The OpenAPI document is valid, complete, and true.

use serde_json::json;
use teahouse_tests::{Person, TestServer, run_venv, server_test};

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

/// What an answer must be, whatever was asked: no server error, and nothing that the document does not describe.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance";

/// Their success would end the session or the membership that all other calls need.
const EXCLUDED: &str = "/v1/auth/(logout|refresh)|/v1/sessions/|/leave$";

/// Lets schemathesis ask for `seconds`, signed in as `caller`; `known` are parameters that name what exists.
async fn ask_everything(server: &TestServer, caller: &Person, seconds: u32, known: &[(&str, &str)]) {
    let parameters = known.iter().map(|(name, value)| format!("\"path.{name}\" = \"{value}\"\n"));
    let config = tempfile::NamedTempFile::with_suffix(".toml").expect("a file");
    std::fs::write(config.path(), format!("[parameters]\n{}", parameters.collect::<String>()))
        .expect("the file");
    let arguments = [
        "--config-file",
        config.path().to_str().expect("a path"),
        "run",
        &server.url("/openapi.json"),
        "--header",
        &format!("Authorization: Bearer {}", caller.token),
        "--checks",
        CHECKS,
        "--exclude-path-regex",
        EXCLUDED,
        "--max-time",
        &seconds.to_string(),
        "--seed",
        "7",
        "--no-color",
    ];
    println!("{}", run_venv("schemathesis", &arguments).await);
    caller.get("/v1/me").await.expect(200);
}

/// Sixty seconds of everything that the document allows and forbids.
#[server_test]
async fn the_server_answers_as_described(server: TestServer) {
    let ann = server.person("ann").await;
    ask_everything(&server, &ann, 60, &[]).await;
}

/// The same of a room, a message and a user that exist: made-up ids find nothing. The caller is an admin and not the
/// owner, so that the room outlives the questions.
#[server_test]
async fn the_server_answers_as_described_about_what_exists(server: TestServer) {
    let (owner, ann, bob) =
        (server.person("owner").await, server.person("ann").await, server.person("bob").await);
    let room = owner.public_room("garden").await;
    ann.join(&room).await;
    bob.join(&room).await;
    owner.put(&format!("/v1/rooms/{room}/members/{}", ann.id), json!({ "role": "admin" })).await.expect(200);
    let message = ann.say(&room, "something to find").await;
    let message = message["id"].as_str().expect("an id");
    let known = [("room", room.as_str()), ("message", message), ("user", bob.id.as_str()), ("emoji", "🍵")];
    ask_everything(&server, &ann, 30, &known).await;
}
