//! What is asked for by a name that an operation does not have is refused, on every operation.

use poem::http::Method;
use serde_json::{Value, json};

use crate::kit::{Server, operations, request, text};

/// The path with an id in place of each parameter.
pub(crate) fn concrete(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{emoji}" => "%F0%9F%8D%B5",
        part if part.starts_with('{') => "01900000-0000-7000-8000-000000000000",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

pub(crate) fn method(name: &str) -> Method {
    name.to_uppercase().parse().unwrap()
}

/// The names of the query parameters that an operation has.
fn known(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| text(&parameter["name"]))
        .collect()
}

#[tokio::test]
async fn every_operation_refuses_a_parameter_that_it_does_not_have() {
    let server = Server::start().await;
    for (path, verb, operation) in operations() {
        let uri = format!("{}?nonsense=1", concrete(path));
        let problem =
            server.send(request(method(verb), &uri).finish()).await.refused(400, "unknown_parameter");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!("nonsense"), &json!("unknown_parameter")),
            "{uri}"
        );
        let detail = text(&error["detail"]);
        let known = known(operation);
        assert!(known.iter().all(|name| detail.contains(name)), "{verb} {uri}: {detail}");
        for name in known {
            let answer =
                server.send(request(method(verb), &format!("{}?{name}=1", concrete(path))).finish()).await;
            assert_ne!(answer.json()["code"], "unknown_parameter", "{verb} {path} has {name}");
        }
    }
}

#[tokio::test]
async fn what_was_meant_is_said_in_the_callers_language() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let problem = ann.get("/v1/rooms?curser=x").await.refused(400, "unknown_parameter");
    assert_eq!(problem["detail"], "There is no query parameter curser; did you mean cursor?");
    assert_eq!(problem["errors"][0]["detail"], "there is no such parameter; did you mean cursor?");
    let chinese = ann.request(Method::GET, "/v1/rooms?curser=x").header("accept-language", "zh").finish();
    let problem = server.send(chinese).await.refused(400, "unknown_parameter");
    assert_eq!(problem["detail"], "没有查询参数 curser；是否想用 cursor？");
    // A page that asked for `after` where there is `cursor` got the first page again and again.
    let problem = ann.get("/v1/rooms?after=x").await.refused(400, "unknown_parameter");
    assert_eq!(
        problem["errors"][0]["detail"],
        "there is no such parameter; this operation takes cursor, limit"
    );
    // A token has no place in an address.
    ann.get("/v1/me?token=secret").await.refused(400, "unknown_parameter");
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    assert_eq!(ann.get("/v1/rooms?limit=1&limit=2").await.wrong_field(), "limit");
}

/// Their clients were written before there was a server to say what it knows.
#[tokio::test]
async fn the_tutorials_endpoints_go_on_ignoring_what_they_do_not_know() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let path = format!("/api/historyMessages?token={}&limit=1&page=2&_=1700000000", ann.token);
    assert_eq!(server.get(&path).await.expect(200)["code"], 0);
    let path = format!("/wafer/user?X-WX-Skey={}&v=2", ann.token);
    assert_eq!(server.get(&path).await.expect(200)["code"], 0);
    server.get("/openapi.json?v=2").await.expect(200);
}
