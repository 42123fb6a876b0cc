//! `docs/api.md`: the commands as somebody types them, and every path that the documents name.

use std::path::Path;

use serde_json::Value;
use teahouse_tests::{TestServer, server_test};

use super::{blocks, document, quoted};
use crate::plugins::package::Workshop;

/// curl fails where the server refuses, and so does whatever a pipe begins with.
const CAREFULLY: &str = "set -euo pipefail\ncurl() { command curl --fail-with-body \"$@\"; }\n";
/// Where the documents' server is.
const THEIRS: &str = "http://127.0.0.1:8080";

#[server_test]
async fn the_commands_do_what_they_say(server: TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    let script = CAREFULLY.to_owned() + &blocks(&document("api.md"), "sh").join("\n");
    assert!(script.contains(THEIRS), "the commands name another server than {THEIRS}");
    let package = script.split('@').find_map(|rest| rest.split_once(".teaplugin")).expect("a package").0;
    let workshop = Workshop::of("noop-filter").pack().await;
    std::fs::write(folder.path().join(format!("{package}.teaplugin")), workshop).expect("the package");
    let done = server.shell(folder.path(), &script.replace(THEIRS, &server.url(""))).await;
    assert_eq!(done.code, 0, "{}\n{}", done.printed, done.errors);

    let reader = server.guest("reader").await;
    let lobby = reader.connect().await.lobby();
    let said = reader.history(&lobby).await;
    assert!(said.iter().any(|message| message["content"] == "你好" && message["sender"]["name"] == "小明"));
    let plugins = server.keeper().await.get("/plugins").await.expect(200);
    let plugin = &plugins["items"].as_array().expect("plugins")[0];
    assert_eq!(plugin["is_enabled"], true, "{plugin}");
}

/// A path that was renamed, or a parameter that never was, is a promise that nobody keeps.
#[server_test]
async fn every_path_that_the_documents_name_is_there(server: TestServer) {
    let described = server.get("/openapi.json").await.expect(200);
    let mut named = 0;
    for name in ["api.md", "mini-program.md", "protocol.md"] {
        let text = document(name);
        for quote in quoted(&text.replace("```", "")) {
            let Some((method, path)) = path_in(quote) else { continue };
            named += 1;
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let operations = operations(&described, path);
            let operations: Vec<&Value> = match method {
                Some(method) => {
                    operations.iter().filter_map(|item| item.get(method.to_lowercase())).collect()
                }
                None => operations
                    .iter()
                    .filter_map(|item| item.as_object())
                    .flat_map(|item| item.values())
                    .collect(),
            };
            assert!(!operations.is_empty(), "{name} names {quote}, which is not there");
            for parameter in
                query.split('&').filter_map(|pair| pair.split('=').next()).filter(|it| !it.is_empty())
            {
                let has_it = operations.iter().any(|operation| has_parameter(operation, parameter));
                assert!(has_it, "{name} names {quote}, which has no parameter {parameter}");
            }
        }
    }
    assert!(named > 20, "only {named} paths are looked at");
}

/// `GET /v1/rooms?limit=1`, or a path alone.
fn path_in(quote: &str) -> Option<(Option<&str>, &str)> {
    let (method, path) = match quote.split_once(' ') {
        Some((method @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE"), path)) => (Some(method), path),
        Some(_) => return None,
        None => (None, quote),
    };
    let is_path = path.starts_with("/v1/") && !path.contains(['*', '…', '$']);
    // `/v1/admin` stands for all that is below it.
    (is_path && Path::new(path) != Path::new("/v1/admin")).then_some((method, path))
}

/// What the description has at a path, whatever its parameters are called.
fn operations<'a>(described: &'a Value, path: &str) -> Vec<&'a Value> {
    let fits = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template
                .split('/')
                .zip(path.split('/'))
                .all(|(one, other)| one == other || (one.starts_with('{') && other.starts_with('{')))
    };
    let paths = described["paths"].as_object().expect("paths");
    paths.iter().filter(|(template, _)| fits(template)).map(|(_, item)| item).collect()
}

fn has_parameter(operation: &Value, name: &str) -> bool {
    let parameters = operation["parameters"].as_array();
    parameters.into_iter().flatten().any(|parameter| parameter["in"] == "query" && parameter["name"] == name)
}
