//! Signing in with WeChat: codes, and who somebody is.

use serde_json::{Value, json};
use teahouse_tests::{Settings, TestServer, server_test};

/// A code alone is enough; a person is made on first sight, and found again on the next.
#[server_test]
async fn the_same_person_is_the_same_user(server: TestServer) {
    let phone = server.wechat().phone("小明").await;
    let first = server.post("/v1/auth/wechat", json!({ "code": phone.login().await.code })).await.expect(200);
    let again = server.post("/v1/auth/wechat", phone.login().await.body()).await.expect(200);
    assert_eq!(first["user"]["id"], again["user"]["id"]);
    assert_ne!(first["token"], again["token"]);
    assert_eq!(again["user"]["name"], "小明");
    assert_eq!((&again["user"]["is_guest"], &again["user"]["is_bot"]), (&json!(false), &json!(false)));
    for time in [&again["expires_at"], &again["user"]["joined_at"]] {
        let time = time.as_str().expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z'), "RFC 3339 in UTC with milliseconds: {time}");
    }
}

/// Tokens are opaque, long, and safe in a URL.
#[server_test]
async fn a_token_is_long_and_safe_in_a_url(server: TestServer) {
    let ann = server.person("ann").await;
    assert!(ann.token.len() >= 43, "256 bits: {}", ann.token);
    assert!(
        ann.token.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign)),
        "{}",
        ann.token
    );
}

/// The session key is the server's secret: it is neither in an answer nor in the log.
#[server_test]
async fn no_secret_leaves_the_server(server: TestServer) {
    let phone = server.wechat().phone("小明").await;
    let login = phone.login().await;
    let answer = server.post("/v1/auth/wechat", login.body()).await;
    let session = answer.expect(200);
    assert!(!answer.text.contains("session_key") && !answer.text.contains(&phone.openid), "{answer}");
    let log = server.log();
    assert!(!log.contains(session["token"].as_str().expect("a token")), "the token is in the log");
    assert!(!log.contains(&phone.openid), "the openid is in the log");
    assert!(!log.contains(&login.code), "the code is in the log");
}

/// A code is good for one exchange.
#[server_test]
async fn a_replayed_code_is_refused(server: TestServer) {
    let login = server.wechat().phone("小明").await.login().await;
    server.post("/v1/auth/wechat", login.body()).await.expect(200);
    server.post("/v1/auth/wechat", login.body()).await.refused(401, "wechat_code_used");
}

/// A code of nobody, and one that is older than five minutes.
#[server_test]
async fn an_unknown_or_old_code_is_refused(server: TestServer) {
    server
        .post("/v1/auth/wechat", json!({ "code": "no-such-code" }))
        .await
        .refused(401, "wechat_code_invalid");
    let login = server.wechat().phone("小明").await.login().await;
    server.wechat().advance_clock(301).await;
    server.post("/v1/auth/wechat", json!({ "code": login.code })).await.refused(401, "wechat_code_invalid");
}

/// Bodies that are no sign-in are wrong fields, each named.
#[server_test]
async fn a_body_that_is_no_sign_in_is_refused(server: TestServer) {
    let long = "x".repeat(10_000);
    for body in [
        json!({}),
        json!({ "code": 5 }),
        json!({ "code": "" }),
        json!({ "code": long }),
        json!({ "code": null }),
    ] {
        let answer = server.post("/v1/auth/wechat", body.clone()).await;
        assert!(matches!(answer.status, 400 | 422), "{body}: {answer}");
        answer.refused(answer.status, "invalid_field");
    }
}

/// An app that is not configured is not asked for.
#[server_test]
async fn an_unknown_app_is_refused(server: TestServer) {
    let login = server.wechat().phone("小明").await.login().await;
    let body = json!({ "app_id": "wx9999999999999999", "code": login.code });
    let answer = server.post("/v1/auth/wechat", body).await;
    answer.refused(answer.status, "wechat_app_unknown");
    assert!(matches!(answer.status, 400 | 404 | 422), "{answer}");
}

const SECOND_APP: &str = "wxdev00000000000002";

fn with_two_apps(settings: Settings) -> Settings {
    let apps = format!(
        r#"[{{ app_id = "wxdev00000000000001", secret = "simulated-secret-of-wxdev00000000000001" }},
            {{ app_id = "{SECOND_APP}", secret = "second" }}]"#
    );
    settings.set("wechat.apps", apps.replace('\n', " "))
}

/// One person under one unionid is one user, whichever of our mini-programs they come from.
#[server_test(with_two_apps)]
async fn one_unionid_is_one_user_in_two_apps(server: TestServer) {
    let app = json!({ "app_id": SECOND_APP, "secret": "second" });
    server.post("/wechat-sim/control/apps", app).await.expect(200);
    let phone = server.wechat().phone("小明").await;
    let in_first = server.sign_in("小明", phone.login().await.body()).await;
    let login = phone.login_with(json!({ "app_id": SECOND_APP })).await;
    let mut body = login.body();
    body["app_id"] = Value::from(SECOND_APP);
    let in_second = server.sign_in("小明", body).await;
    assert_eq!(in_first.id, in_second.id);
    // Another person is another user in both.
    let other = server.wechat().phone("小红").await;
    let mut body = other.login_with(json!({ "app_id": SECOND_APP })).await.body();
    body["app_id"] = Value::from(SECOND_APP);
    assert_ne!(server.sign_in("小红", body).await.id, in_first.id);
}
