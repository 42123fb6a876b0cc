//! The wafer SDKs' two calls. Sign-in against WeChat's simulator is tried by the black-box tests.

use poem::http::Method;
use serde_json::json;

use crate::kit::{Server, request};

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
