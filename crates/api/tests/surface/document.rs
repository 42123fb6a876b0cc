//! The OpenAPI document: a promise, kept in a file, in which nothing is left out.

use std::path::Path;

use poem::http::Method;
use serde_json::Value;

use crate::kit::{DOCUMENT, Server, operations, request, text};

/// Set to write the file anew, after a change of the surface that is meant.
const UPDATE: &str = "UPDATE_GOLDEN";

#[test]
fn it_is_the_one_that_is_kept() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let now = teahouse_api::openapi_json() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let at = now.lines().zip(kept.lines()).position(|(now, kept)| now != kept);
    assert!(
        now == kept,
        "the surface changed (line {at:?} of openapi.json); if that is meant, run with {UPDATE}=1"
    );
}

#[test]
fn every_operation_is_described() {
    for (path, method, operation) in operations() {
        let place = format!("{method} {path}");
        for field in ["operationId", "summary", "description"] {
            assert!(operation[field].as_str().is_some_and(|text| !text.is_empty()), "{place} has no {field}");
        }
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place} has no tag");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{place} never succeeds");
        assert!(responses.keys().any(|status| status.starts_with('4')), "{place} is never refused");
        for (status, response) in responses {
            assert_ne!(response["description"], "", "{place} {status}");
            assert!(response["headers"]["X-Request-Id"].is_object(), "{place} {status}");
        }
        let public = path.starts_with("/v1/auth/") && !path.ends_with("refresh") && !path.ends_with("logout");
        assert_eq!(operation["security"].is_array(), !public || path.ends_with("tokens"), "{place}");
    }
}

/// The whole surface, so that nothing comes or goes unseen.
#[test]
fn the_operations_are_these() {
    let mut ids: Vec<String> =
        operations().map(|(_, _, operation)| text(&operation["operationId"])).collect();
    ids.sort();
    let expected = [
        "acceptInvitation",
        "acceptJoin",
        "addPluginRoom",
        "addReaction",
        "banUser",
        "banUserFromServer",
        "closeAnyReview",
        "closeReview",
        "configurePlugin",
        "createApiKey",
        "createRoom",
        "deleteRoom",
        "disablePlugin",
        "editMessage",
        "enablePlugin",
        "endSession",
        "getMe",
        "getMessage",
        "getPlugin",
        "getPluginConsent",
        "getPluginHealth",
        "getPluginLogs",
        "getPluginSettings",
        "getRoom",
        "getUser",
        "grantPlugin",
        "installPlugin",
        "joinRoom",
        "kickMember",
        "leaveRoom",
        "listAllHeld",
        "listAllReviews",
        "listApiKeys",
        "listBans",
        "listCommands",
        "listEvents",
        "listHeld",
        "listInvitations",
        "listJoinRequests",
        "listMembers",
        "listMessages",
        "listMyHeld",
        "listPlugins",
        "listPublicRooms",
        "listReactors",
        "listReviews",
        "listRooms",
        "listSessions",
        "listVerdicts",
        "logOut",
        "markRead",
        "mintToken",
        "openDirect",
        "pressButton",
        "putMember",
        "recallMessage",
        "refreshSession",
        "refuseAnyHeld",
        "refuseHeld",
        "refuseInvitation",
        "refuseJoin",
        "releaseAnyHeld",
        "releaseHeld",
        "removePluginRoom",
        "removeReaction",
        "retryPlugin",
        "revokeApiKey",
        "revokeGrant",
        "rollBackPlugin",
        "sendMessage",
        "setPluginPolicy",
        "showUser",
        "signInAsGuest",
        "signInWithWechat",
        "unbanUser",
        "unbanUserFromServer",
        "uninstallPlugin",
        "updateMe",
        "updateRoom",
        "upgradePlugin",
    ];
    assert_eq!(ids, expected);
}

/// Generators name a type after its schema: an unnamed object would get a name of the generator's making.
#[test]
fn every_object_has_a_name() {
    fn look(place: &str, schema: &Value) {
        assert!(schema["properties"].is_null(), "{place} holds an object without a name: {schema}");
        for part in ["items", "additionalProperties"] {
            if schema[part].is_object() {
                look(place, &schema[part]);
            }
        }
    }
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            look(&format!("{name}.{field}"), schema);
        }
    }
    for (path, method, operation) in operations() {
        for response in operation["responses"].as_object().unwrap().values() {
            for content in response["content"].as_object().into_iter().flatten() {
                assert!(content.1["schema"]["$ref"].is_string(), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn it_is_served_in_each_form() {
    let server = Server::start().await;
    let json = server.get("/openapi.json").await;
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(json.expect(200)["info"]["title"], "Teahouse");
    let yaml = server.get("/openapi.yaml").await;
    assert_eq!(yaml.header("content-type"), "application/yaml");
    assert!(yaml.body.contains("\nopenapi: \"3.0"), "{}", &yaml.body[..200]);
    let page = server.get("/docs").await;
    assert!(page.body.starts_with("<!doctype html>") && page.body.contains("signInWithWechat"));
}

/// The documents are megabytes: one copy serves everybody, and who has it is told so.
#[tokio::test]
async fn it_is_compressed_and_known_by_its_tag() {
    let server = Server::start().await;
    for path in ["/openapi.json", "/openapi.yaml", "/docs"] {
        let ask = |headers: &[(&str, &str)]| {
            let builder = request(Method::GET, path);
            headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).finish()
        };
        let packed = server.send_raw(ask(&[("accept-encoding", "gzip, br")])).await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
        let tag = packed.header("etag").unwrap().to_owned();
        let again = server.send_raw(ask(&[("accept-encoding", "gzip"), ("if-none-match", &tag)])).await;
        assert_eq!(again.status().as_u16(), 304);
        let again = server.send_raw(ask(&[("accept-encoding", "gzip")])).await;
        let (first, second) = (packed.into_body().into_bytes().await, again.into_body().into_bytes().await);
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first == second && first.len() < 600 * 1024, "{path}: {} bytes", first.len());
    }
}

/// The page works on a machine that reaches nothing but this server.
#[tokio::test]
async fn the_page_fetches_nothing_from_elsewhere() {
    let server = Server::start().await;
    let page = server.get("/docs").await;
    for loader in ["<script src", "<link ", "@import", "url(http"] {
        assert!(!page.body.contains(loader), "the page has {loader}");
    }
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
}
