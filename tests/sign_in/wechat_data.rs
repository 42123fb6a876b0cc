//! The phone's data beside the code: signed by WeChat, encrypted for us, or refused.

use serde_json::{Value, json};
use teahouse_tests::{Login, TestServer, server_test};

/// Signs in with data that the simulator has damaged; returns the refusal's code.
async fn refusal_of(server: &TestServer, spoil: &str) -> String {
    let phone = server.wechat().phone("小明").await;
    let login = phone.login_with(json!({ "spoil": spoil })).await;
    refusal(server, &login.body()).await
}

async fn refusal(server: &TestServer, body: &Value) -> String {
    let answer = server.post("/v1/auth/wechat", body.clone()).await;
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    assert!((400..500).contains(&answer.status), "{answer}");
    answer.refused(answer.status, &code);
    code
}

#[server_test]
async fn a_wrong_signature_is_refused(server: TestServer) {
    assert_eq!(refusal_of(&server, "wrong_signature").await, "wechat_signature_mismatch");
}

#[server_test]
async fn changed_raw_data_is_refused(server: TestServer) {
    let login = server.wechat().phone("小明").await.login().await;
    let changed = Login { raw_data: login.raw_data.replace("小明", "老王"), ..login };
    assert_eq!(refusal(&server, &changed.body()).await, "wechat_signature_mismatch");
}

#[server_test]
async fn data_without_its_signature_is_not_believed(server: TestServer) {
    let login = server.wechat().phone("小明").await.login().await;
    let body = json!({ "code": login.code, "raw_data": login.raw_data });
    let answer = server.post("/v1/auth/wechat", body).await;
    // Refused, or signed in without the unproven name: never believed.
    if answer.status == 200 {
        assert_ne!(answer.json()["user"]["name"], "小明", "{answer}");
    } else {
        answer.refused(answer.status, "invalid_field");
    }
}

#[server_test]
async fn truncated_data_is_refused(server: TestServer) {
    assert_eq!(refusal_of(&server, "truncated").await, "wechat_data_invalid");
}

#[server_test]
async fn tampered_data_is_refused(server: TestServer) {
    assert_eq!(refusal_of(&server, "tampered").await, "wechat_data_invalid");
}

#[server_test]
async fn broken_padding_is_refused_like_tampering(server: TestServer) {
    assert_eq!(refusal_of(&server, "broken_padding").await, "wechat_data_invalid");
}

#[server_test]
async fn an_iv_of_wrong_length_is_refused(server: TestServer) {
    assert_eq!(refusal_of(&server, "short_iv").await, "wechat_data_invalid");
}

#[server_test]
async fn a_foreign_watermark_is_refused(server: TestServer) {
    assert_eq!(refusal_of(&server, "wrong_app_id").await, "wechat_data_invalid");
}

#[server_test]
async fn an_old_watermark_is_refused(server: TestServer) {
    assert_eq!(refusal_of(&server, "old_timestamp").await, "wechat_data_invalid");
}

#[server_test]
async fn data_about_somebody_else_is_refused(server: TestServer) {
    assert_eq!(refusal_of(&server, "other_person").await, "wechat_data_invalid");
}

/// Text that is no base64, not a multiple of the block, or too short.
#[server_test]
async fn data_that_is_no_cipher_text_is_refused(server: TestServer) {
    for garbage in ["%%%", "AAAA", "////////////////////AA==", "茶"] {
        let login = server.wechat().phone("小明").await.login().await;
        let body = Login { encrypted_data: garbage.into(), ..login.clone() }.body();
        let code = refusal(&server, &body).await;
        assert!(matches!(code.as_str(), "wechat_data_invalid" | "invalid_field"), "{garbage:?}: {code}");
        let login = server.wechat().phone("小明").await.login().await;
        let body = Login { iv: garbage.into(), ..login }.body();
        let code = refusal(&server, &body).await;
        assert!(matches!(code.as_str(), "wechat_data_invalid" | "invalid_field"), "iv {garbage:?}: {code}");
    }
}

/// What the tutorials warn of: the phone signed with a key that the server no longer holds. Its own code tells the
/// client to log in again, and after that all is well.
#[server_test]
async fn data_of_an_older_session_key_asks_for_a_new_login(server: TestServer) {
    let phone = server.wechat().phone("小明").await;
    phone.login().await;
    phone.expire().await;
    let stale = phone.login_with(json!({ "spoil": "stale_key" })).await;
    assert_eq!(refusal(&server, &stale.body()).await, "wechat_session_lost");
    server.post("/v1/auth/wechat", phone.login().await.body()).await.expect(200);
}
