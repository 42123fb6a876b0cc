//! The wafer SDKs' two calls. Sign-in against WeChat's simulator is tried by the black-box tests.

use poem::http::Method;
use serde_json::json;

use crate::kit::{Server, operations, request};
use crate::parameters::{concrete, method};

const MAGIC: &str = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A";

#[tokio::test]
async fn a_session_is_told_who_it_is() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let younger = request(Method::GET, "/wafer/user").header("X-WX-Skey", &ann.token).finish();
    let answer = server.send(younger).await.expect(200);
    assert_eq!((&answer["code"], &answer["data"]["userInfo"]["nickName"]), (&json!(0), &json!("ann")));
    assert_eq!(answer.get(MAGIC), None, "a good answer never carries the magic key");
    let in_query = format!("/wafer/user?x-wx-skey={}", ann.token);
    assert_eq!(server.get(&in_query).await.expect(200)["data"]["user"]["id"], ann.id.as_str());
}

#[tokio::test]
async fn a_lost_session_makes_both_sdks_log_in_again() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let forged = request(Method::GET, "/wafer/user").header("X-WX-Skey", "forged").finish();
    // The older SDK sends an id too: another session's does not fit.
    let foreign = request(Method::GET, "/wafer/user")
        .header("X-WX-Id", "01900000-0000-7000-8000-000000000000")
        .header("X-WX-Skey", &ann.token)
        .finish();
    for request in [forged, foreign, request(Method::GET, "/wafer/login").finish()] {
        let answer = server.send(request).await.expect(401);
        assert_eq!((&answer[MAGIC], &answer["code"]), (&json!(1), &json!(-1)));
        assert_eq!(answer["error"], "ERR_INVALID_SESSION");
    }
}

#[tokio::test]
async fn a_refused_login_never_says_log_in_again() {
    let server = Server::start().await;
    let login = request(Method::GET, "/wafer/login").header("X-WX-Code", "some-code").finish();
    let answer = server.send(login).await;
    assert_ne!(answer.status.as_u16(), 401);
    let answer = answer.json();
    assert_eq!((&answer[MAGIC], &answer["error"]), (&json!(1), &json!("ERR_LOGIN_FAILED")));
    assert_eq!(answer["code"], 1);
}

/// What the SDKs send of their session is one for the whole surface.
#[tokio::test]
async fn a_wafer_session_is_a_session_for_every_operation() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let me = |headers: &[(&str, &str)]| {
        let builder = request(Method::GET, "/v1/me");
        headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).finish()
    };
    assert_eq!(server.send(me(&[("X-WX-Skey", &ann.token)])).await.expect(200)["id"], ann.id.as_str());
    let id = ann.get("/v1/sessions").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        server.send(me(&[("X-WX-Skey", &ann.token), ("X-WX-Id", &id)])).await.expect(200)["name"],
        "ann"
    );
    let room = json!({ "name": "garden", "kind": "group", "visibility": "public" }).to_string();
    let made = request(Method::POST, "/v1/rooms").header("X-WX-Skey", &ann.token).header("X-WX-Id", &id);
    server.send(made.content_type("application/json").body(room)).await.expect(201);
    let secured = operations().filter(|(_, _, operation)| operation["security"][0].get("session").is_some());
    for (path, verb, operation) in secured {
        assert!(operation["security"][1].get("wafer").is_some(), "{verb} {path}");
        let lost = request(method(verb), &concrete(path)).header("X-WX-Skey", "forged").finish();
        let answer = server.send(lost).await.refused(401, "session_expired");
        assert_eq!(
            (&answer[MAGIC], &answer["error"]),
            (&json!(1), &json!("ERR_INVALID_SESSION")),
            "{verb} {path}"
        );
        assert!(answer["message"].is_string());
    }
}

/// The magic key means "log in again" whatever else an answer says.
#[tokio::test]
async fn other_refusals_and_other_clients_never_see_the_magic_key() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let wafer = |path: &str| request(Method::GET, path).header("X-WX-Skey", &ann.token).finish();
    let missing = server.send(wafer("/v1/rooms/01900000-0000-7000-8000-000000000000")).await;
    assert!(missing.refused(404, "room_not_found").get(MAGIC).is_none());
    assert!(server.send(wafer("/v1/rooms?x=1")).await.refused(400, "unknown_parameter").get(MAGIC).is_none());
    assert!(server.get("/v1/me").await.refused(401, "session_required").get(MAGIC).is_none());
    // A token beside them is what counts.
    let both =
        request(Method::GET, "/v1/me").header("X-WX-Skey", &ann.token).header("authorization", "Bearer x");
    assert!(server.send(both.finish()).await.refused(401, "session_expired").get(MAGIC).is_none());
    // The older SDK that has lost its skey still sends its id.
    let alone = request(Method::GET, "/v1/me").header("X-WX-Id", "1").finish();
    assert_eq!(server.send(alone).await.refused(401, "session_required")[MAGIC], 1);
}
