//! The wafer SDKs from npm, unmodified, in Node with a `wx` of our own.

use serde_json::{Value, json};
use teahouse_tests::{Answer, Socket, TestServer, node, server_test};

const MAGIC: &str = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A";

/// Drives an SDK, whose calls go to `call`.
async fn drive(server: &TestServer, sdk: &str, call: &str) -> Value {
    let url = server.url("");
    let printed = node("wafer/session.cjs", &[("SERVER", &url), ("SDK", sdk), ("CALL", call)]).await;
    serde_json::from_str(printed.trim()).expect("one line of JSON")
}

/// What must hold of both SDKs: signed in, known to the server, and back by itself after its session ended.
fn judge(seen: &Value, call: &str) {
    assert_eq!(seen["login"]["nickName"], "小明", "{seen}");
    assert_eq!(seen["first"]["status"], 200, "{seen}");
    assert!(seen["first"]["data"].to_string().contains("小明"), "{seen}");
    assert_eq!(seen["ended"], 1, "the SDK's session was there to end: {seen}");
    assert_eq!(seen["again"], seen["first"], "{seen}");
    assert_eq!(seen["paths"], json!([call, "/wafer/login", call]), "{seen}");
    assert_ne!(seen["newSession"]["skey"], seen["session"]["skey"], "{seen}");
}

/// The newer dialect needs `code`, `data.skey` and `data.userinfo`, and logs in again with the code alone.
#[server_test]
async fn wafer2_client_sdk_signs_in_and_recovers(server: TestServer) {
    judge(&drive(&server, "wafer2-client-sdk", "/wafer/user").await, "/wafer/user");
}

/// What the SDKs keep is a session for the whole REST interface; where it is lost, they log in again by themselves.
#[server_test]
async fn the_sdks_sessions_are_sessions_for_rest(server: TestServer) {
    for sdk in ["wafer-client-sdk", "wafer2-client-sdk"] {
        judge(&drive(&server, sdk, "/v1/me").await, "/v1/me");
    }
}

/// The older dialect needs the magic key, and sends id and skey; the same headers open the socket.
#[server_test]
async fn wafer_client_sdk_signs_in_recovers_and_opens_the_socket(server: TestServer) {
    let seen = drive(&server, "wafer-client-sdk", "/wafer/user").await;
    judge(&seen, "/wafer/user");
    let id = seen["newSession"]["id"].as_str().expect("an id");
    let skey = seen["newSession"]["skey"].as_str().expect("a skey");
    let headers = [("X-WX-Id", id), ("X-WX-Skey", skey), ("Sec-WebSocket-Protocol", "teahouse.v1")];
    let socket = Socket::connect("the SDK", &server.ws_url("/ws"), &headers).await.expect("a session");
    assert_eq!(socket.hello["user"]["id"], seen["user"]);
    let query = format!("/ws?X-WX-Id={id}&X-WX-Skey={skey}");
    let protocol = [("Sec-WebSocket-Protocol", "teahouse.v1")];
    let socket = Socket::connect("the SDK", &server.ws_url(&query), &protocol).await.expect("a session");
    assert_eq!(socket.hello["user"]["id"], seen["user"]);
}

/// A refused login is told in the SDKs' own shape, so that they show the message and do not loop.
#[server_test]
async fn a_refused_login_has_the_sdks_shape(server: TestServer) {
    let login = server.http().get(server.url("/wafer/login")).header("X-WX-Code", "no-such-code");
    let answer =
        Answer::of(login.header("X-WX-Encrypted-Data", "AAAA").header("X-WX-IV", "AAAA")).await.json();
    assert_eq!(answer[MAGIC], 1, "{answer}");
    assert_eq!(answer["error"], "ERR_LOGIN_FAILED", "{answer}");
    assert!(answer["message"].is_string() && answer.get("session").is_none(), "{answer}");
    assert!(answer["code"] != 0, "{answer}");
    // Code alone, for somebody who never signed in: wafer2 asks them to use login() first.
    let phone = server.wechat().phone("小红").await;
    let code = phone.login().await.code;
    let alone = server.http().get(server.url("/wafer/login")).header("X-WX-Code", code);
    let answer = Answer::of(alone).await.json();
    assert!(answer.is_object(), "{answer}");
}

/// A forged or ended session is answered so that both SDKs log in again.
#[server_test]
async fn a_lost_session_has_the_sdks_shape(server: TestServer) {
    let call = server
        .http()
        .get(server.url("/wafer/user"))
        .header("X-WX-Id", "forged")
        .header("X-WX-Skey", "forged");
    let answer = Answer::of(call).await.json();
    assert_eq!((&answer[MAGIC], &answer["error"]), (&json!(1), &json!("ERR_INVALID_SESSION")), "{answer}");
    let call = server.http().get(server.url("/wafer/user")).header("X-WX-Skey", "forged");
    let answer = Answer::of(call).await;
    assert!(answer.status == 401 || answer.json()["code"] == -1, "{answer}");
    assert!(answer.json().is_object());
}
