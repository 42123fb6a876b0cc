//! Message pushes: their forms, their signatures, and how often they are tried.

use serde_json::{Value, json};
use teahouse_wechat_sim::Reach;

use crate::{
    receiver::{Answer, Receiver, decrypt},
    stage::Stage,
};

/// Orders a text message from 小明.
async fn text(stage: &Stage, more: Value) -> Value {
    let mut order = json!({ "person": "xiaoming", "fields": { "MsgType": "text", "Content": "你好" } });
    for (name, value) in more.as_object().unwrap() {
        order[name] = value.clone();
    }
    stage.post("push", order).await["items"].clone()
}

#[tokio::test]
async fn a_url_is_checked_by_its_echo() {
    let stage = Stage::open().await;
    let (status, _) = stage.try_post("push/check", &json!({})).await;
    assert_eq!(status, 400, "there is no URL yet");
    let receiver = Receiver::open();
    receiver.serve(&stage, "secure", "json").await;
    assert_eq!(stage.post("push/check", json!({})).await["ok"], true);
}

/// Whoever reaches the control paths could otherwise look around by them.
#[tokio::test]
async fn nothing_is_sent_where_no_app_of_ours_is() {
    let elsewhere = Receiver::open();
    let stage = Stage::with(|config| {
        config.reach = Reach::Origins(vec!["https://chat.example.com".parse().unwrap()]);
    })
    .await;
    elsewhere.serve(&stage, "plain", "json").await;
    let checked = stage.post("push/check", json!({})).await;
    assert_eq!((&checked["ok"], &checked["status"]), (&json!(false), &Value::Null));
    assert!(checked["answer"].as_str().unwrap().contains("does not reach"), "{checked}");
    let delivery = &text(&stage, json!({})).await[0];
    assert_eq!((&delivery["accepted"], &delivery["tries"][0]["status"]), (&json!(false), &Value::Null));
    assert!(elsewhere.is_empty());
}

#[tokio::test]
async fn a_plain_push_is_signed_and_readable_in_both_formats() {
    let stage = Stage::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&stage, "plain", "json").await;
    assert_eq!(text(&stage, json!({})).await[0]["accepted"], true);
    let came = receiver.next().await;
    assert!(came.signature_holds());
    assert_eq!(came.content_type, "application/json");
    assert_eq!(came.json()["Content"], "你好");
    assert_eq!(came.json()["FromUserName"], came.query["openid"]);
    assert!(!came.query.contains_key("encrypt_type"));
    receiver.serve(&stage, "plain", "xml").await;
    text(&stage, json!({})).await;
    let came = receiver.next().await;
    assert_eq!(came.content_type, "text/xml");
    assert!(came.body.contains("<Content><![CDATA[你好]]></Content>"), "{}", came.body);
}

#[tokio::test]
async fn a_secure_push_shows_nothing_but_its_addressee() {
    let stage = Stage::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&stage, "secure", "json").await;
    text(&stage, json!({})).await;
    let came = receiver.next().await;
    let body = came.json();
    assert_eq!(body.as_object().unwrap().len(), 2);
    let encrypted = body["Encrypt"].as_str().unwrap();
    assert!(came.signature_holds() && came.message_signature_holds(encrypted));
    assert_eq!(came.query["encrypt_type"], "aes");
    let (message, app) = decrypt(encrypted).unwrap();
    assert_eq!(app, stage.app.id.as_str());
    let message: Value = serde_json::from_str(&message).unwrap();
    assert_eq!((&message["Content"], &message["ToUserName"]), (&json!("你好"), &body["ToUserName"]));
}

#[tokio::test]
async fn a_secure_push_in_xml_holds_xml() {
    let stage = Stage::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&stage, "secure", "xml").await;
    text(&stage, json!({})).await;
    let body = receiver.next().await.body;
    let encrypted = body.split("<Encrypt><![CDATA[").nth(1).unwrap().split("]]>").next().unwrap();
    let (message, _) = decrypt(encrypted).unwrap();
    assert!(message.starts_with("<xml>") && message.contains("<![CDATA[你好]]>"), "{message}");
}

#[tokio::test]
async fn a_compatible_push_has_both_forms() {
    let stage = Stage::open().await;
    let mut receiver = Receiver::open();
    for format in ["json", "xml"] {
        receiver.serve(&stage, "compatible", format).await;
        text(&stage, json!({})).await;
        let came = receiver.next().await;
        assert!(came.body.contains("你好") && came.body.contains("Encrypt"), "{}", came.body);
        assert!(came.query.contains_key("msg_signature"));
    }
}

#[tokio::test]
async fn each_way_of_tampering_breaks_one_thing() {
    let stage = Stage::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&stage, "secure", "json").await;
    let encrypted = |came: &crate::receiver::Came| came.json()["Encrypt"].as_str().unwrap().to_owned();
    text(&stage, json!({ "tamper": "signature" })).await;
    let came = receiver.next().await;
    assert!(!came.signature_holds() && !came.message_signature_holds(&encrypted(&came)));
    text(&stage, json!({ "tamper": "app_id" })).await;
    let came = receiver.next().await;
    assert!(came.message_signature_holds(&encrypted(&came)));
    assert_eq!(decrypt(&encrypted(&came)).unwrap().1, "wx9999999999999999");
    text(&stage, json!({ "tamper": "padding" })).await;
    let came = receiver.next().await;
    assert!(came.message_signature_holds(&encrypted(&came)));
    assert_eq!(decrypt(&encrypted(&came)), None);
}

#[tokio::test]
async fn a_push_is_tried_three_times() {
    let stage = Stage::with(|config| config.push_timeout_ms = 1_000).await;
    let mut receiver = Receiver::open();
    receiver.serve(&stage, "plain", "json").await;
    receiver.answer(vec![Answer::Status(500), Answer::Never, Answer::Text("")]);
    let delivery = &text(&stage, json!({})).await[0];
    assert_eq!(delivery["accepted"], true);
    let statuses: Vec<&Value> =
        delivery["tries"].as_array().unwrap().iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [&json!(500), &Value::Null, &json!(200)]);
    receiver.answer(vec![Answer::Text("no"), Answer::Text("no"), Answer::Text("no"), Answer::Text("no")]);
    assert_eq!(text(&stage, json!({})).await[0]["accepted"], false);
    for _ in 0..6 {
        receiver.next().await;
    }
    assert!(receiver.is_empty(), "there was no seventh");
    assert_eq!(stage.get("outbox").await["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_replayed_push_is_the_same_message() {
    let stage = Stage::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&stage, "plain", "json").await;
    text(&stage, json!({ "times": 2 })).await;
    assert_eq!(receiver.next().await.body, receiver.next().await.body);
}

#[tokio::test]
async fn an_encrypted_answer_is_opened_and_a_forged_one_refused() {
    let stage =
        Stage::with(|config| config.apps[0].app_id = "wxba5fad812f8e6fb9".to_owned().try_into().unwrap())
            .await;
    let receiver = Receiver::open();
    let push = json!({ "url": receiver.url, "token": "AAAAA", "encoding_aes_key": "A".repeat(43), "mode": "secure" });
    stage.post("apps", json!({ "app_id": stage.app.id, "push": push })).await;
    // WeChat's published answer, and the same with another nonce.
    let good = r#"{"Encrypt":"ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==","MsgSignature":"1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1","TimeStamp":1713424427,"Nonce":"415670741"}"#;
    let forged = r#"{"Encrypt":"ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==","MsgSignature":"1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1","TimeStamp":1713424427,"Nonce":"415670742"}"#;
    receiver.answer(vec![Answer::Text(forged), Answer::Text(good)]);
    let delivery = &text(&stage, json!({})).await[0];
    assert_eq!(delivery["accepted"], true);
    assert_eq!(delivery["tries"][1]["answer"], r#"{"demo_resp":"good luck"}"#);
}
