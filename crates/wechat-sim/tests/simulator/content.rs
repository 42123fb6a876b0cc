//! Content checks and subscription messages.

use serde_json::{Value, json};

use crate::{receiver::Receiver, stage::Stage};

const TEXT: &str = "/wxa/msg_sec_check";
const MEDIA: &str = "/wxa/media_check_async";
const SEND: &str = "/cgi-bin/message/subscribe/send";

/// An app's server with its token, and a person who just opened the mini-program.
struct Office {
    stage: Stage,
    token: String,
    openid: String,
}

impl Office {
    async fn open() -> Self {
        let stage = Stage::at_midnight().await;
        let token = stage.client.access_token(&stage.app).await.unwrap().expose().to_owned();
        let openid = stage.exchange(&stage.login("xiaoming").await).await.unwrap().openid.as_str().to_owned();
        Self { stage, token, openid }
    }

    async fn call(&self, path: &str, body: &Value) -> Value {
        self.stage.raw_post(&format!("{path}?access_token={}", self.token), body.to_string()).await.json
    }

    fn text(&self, content: &str) -> Value {
        json!({ "content": content, "version": 2, "scene": 2, "openid": self.openid })
    }

    fn media(&self, url: &str) -> Value {
        json!({ "media_url": url, "media_type": 2, "version": 2, "scene": 3, "openid": self.openid })
    }

    fn message(&self) -> Value {
        let value = |text: &str| json!({ "value": text });
        json!({
            "touser": self.openid,
            "template_id": "new-message",
            "page": "pages/room?id=1",
            "miniprogram_state": "formal",
            "lang": "zh_CN",
            "data": { "thing1": value("小红"), "thing2": value("两杯茶"), "time3": value("15:01") },
        })
    }
}

/// `body` with one field changed; null takes it away.
fn changed(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    let fields = body.as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(name)
    } else {
        fields.insert(name.to_owned(), value)
    };
    body
}

#[tokio::test]
async fn a_text_is_judged_and_its_keywords_explained() {
    let office = Office::open().await;
    for (content, suggest, label) in
        [("两杯茶", "pass", 100), ("请加微信", "review", 10001), ("去赌博吧", "risky", 20006)]
    {
        let answer = office.call(TEXT, &office.text(content)).await;
        assert_eq!(answer["result"], json!({ "suggest": suggest, "label": label }), "{answer}");
        assert_eq!(answer["detail"][1], json!({ "strategy": "keyword", "errcode": 0 }));
        assert!(answer["trace_id"].is_string());
    }
    office.stage.post("words", json!({ "keywords": ["隔壁茶馆"], "words": "茶\treview\t21000" })).await;
    let answer = office.call(TEXT, &office.text("去隔壁茶馆")).await;
    assert_eq!(answer["result"]["suggest"], "risky");
    assert_eq!(answer["detail"][0]["suggest"], "review");
    assert_eq!(answer["detail"][1]["keyword"], "隔壁茶馆");
}

#[tokio::test]
async fn the_first_version_answers_by_its_errcode() {
    let office = Office::open().await;
    assert_eq!(office.call(TEXT, &json!({ "content": "赌博" })).await["errcode"], 87_014);
    assert_eq!(office.call(TEXT, &json!({ "content": "茶" })).await["errcode"], 0);
}

#[tokio::test]
async fn a_text_check_is_refused_for_its_own_reasons() {
    let office = Office::open().await;
    let good = office.text("茶");
    let second = office.stage.second_app().await;
    let elsewhere = office.stage.login_in("xiaoming", &second).await;
    let foreign = office.stage.exchange_in(&second, &elsewhere).await.unwrap();
    let stranger = office.stage.post("people", json!({ "nickname": "生人" })).await;
    for (body, errcode) in [
        (changed(&good, "content", Value::Null), 47_001),
        (changed(&good, "openid", Value::Null), 47_001),
        (changed(&good, "scene", Value::Null), 47_001),
        (changed(&good, "scene", json!(5)), 40_129),
        (changed(&good, "openid", json!("oNobody")), 40_003),
        (changed(&good, "openid", json!(foreign.openid.as_str())), 43_104),
        (changed(&good, "openid", stranger["openid"].clone()), 61_010),
        (changed(&good, "content", json!("茶".repeat(2501))), 47_001),
        (changed(&good, "content", json!("茶".repeat(2500))), 0),
    ] {
        assert_eq!(office.call(TEXT, &body).await["errcode"], errcode);
    }
    assert_eq!(office.stage.raw_post(TEXT, good.to_string()).await.json["errcode"], 41_001);
    let path = format!("{TEXT}?access_token={}", office.token);
    assert_eq!(office.stage.raw_get(&path).await.json["errcode"], 43_002);
    assert_eq!(office.stage.raw_post(&path, "").await.json["errcode"], 44_002);
    assert_eq!(office.stage.raw_post(&path, "no json").await.json["errcode"], 47_001);
}

#[tokio::test]
async fn two_hours_after_the_visit_a_new_login_is_needed() {
    let office = Office::open().await;
    office.stage.advance(7190).await;
    assert_eq!(office.call(TEXT, &office.text("茶")).await["errcode"], 0);
    office.stage.advance(11).await;
    // The token ended too; it is checked first.
    assert_eq!(office.call(TEXT, &office.text("茶")).await["errcode"], 42_001);
    office.stage.clock.advance(7201);
    let token = office.stage.client.access_token(&office.stage.app).await.unwrap().expose().to_owned();
    let office = Office { token, ..office };
    assert_eq!(office.call(TEXT, &office.text("茶")).await["errcode"], 61_010);
    office.stage.login("xiaoming").await;
    assert_eq!(office.call(TEXT, &office.text("茶")).await["errcode"], 0);
}

#[tokio::test]
async fn the_content_checks_have_their_own_number_for_a_full_minute() {
    let office = Office::open().await;
    office.stage.post("quota", json!({ "path": TEXT, "per_minute": 1, "per_day": 2 })).await;
    let mut errcodes = Vec::new();
    for pause in [0, 0, 60, 60] {
        office.stage.advance(pause).await;
        errcodes.push(office.call(TEXT, &office.text("茶")).await["errcode"].as_i64().unwrap());
    }
    assert_eq!(errcodes, [0, 44_991, 0, 45_009]);
}

#[tokio::test]
async fn a_media_result_is_pushed_and_matches_by_its_trace() {
    let office = Office::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&office.stage, "secure", "json").await;
    receiver.serve(&office.stage, "plain", "json").await;
    office.stage.post("media", json!({ "delay_ms": 0 })).await;
    // Any address that answers will do for a picture; the receiver's check of its URL is one.
    let picture = |name: &str| format!("{}?echostr={name}", receiver.url);
    let (fine, risky) = (picture("tea.jpg"), picture("risky.jpg"));
    for (url, suggest, label) in [(fine, "pass", 100), (risky, "risky", 20_002)] {
        let answer = office.call(MEDIA, &office.media(&url)).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        let event = receiver.next().await.json();
        assert_eq!(event["Event"], "wxa_media_check");
        assert_eq!(event["trace_id"], answer["trace_id"]);
        assert_eq!(event["result"], json!({ "suggest": suggest, "label": label }));
    }
    office.call(MEDIA, &office.media("http://127.0.0.1:1/gone.jpg")).await;
    assert_eq!(receiver.next().await.json()["errcode"], -1008);
    let first_version = changed(&office.media("http://127.0.0.1:1/gone.jpg"), "version", Value::Null);
    office.call(MEDIA, &first_version).await;
    assert_eq!(receiver.next().await.json()["status_code"], -1008);
}

#[tokio::test]
async fn a_media_result_may_come_before_its_answer_twice_or_never() {
    let office = Office::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&office.stage, "plain", "json").await;
    let media = office.media(&format!("{}?echostr=tea", receiver.url));
    office.stage.post("media", json!({ "delay_ms": 0, "before_answer": true, "pushes": 2 })).await;
    let trace = office.call(MEDIA, &media).await["trace_id"].clone();
    let (first, second) = (receiver.next().await, receiver.next().await);
    assert_eq!(first.json()["trace_id"], trace);
    assert_eq!(first.body, second.body);
    office.stage.post("media", json!({ "delay_ms": 0, "before_answer": true, "pushes": 0 })).await;
    assert_eq!(office.call(MEDIA, &media).await["errcode"], 0);
    assert!(receiver.is_empty());
}

#[tokio::test]
async fn a_media_check_is_refused_for_its_own_reasons() {
    let office = Office::open().await;
    let good = office.media("http://127.0.0.1:1/");
    for (body, errcode) in [
        (changed(&good, "media_url", Value::Null), 47_001),
        (changed(&good, "media_type", json!(3)), 40_004),
        (changed(&good, "scene", json!(0)), 40_129),
        (changed(&good, "openid", json!("oNobody")), 40_003),
    ] {
        assert_eq!(office.call(MEDIA, &body).await["errcode"], errcode);
    }
}

#[tokio::test]
async fn two_grants_are_two_messages_and_no_third() {
    let office = Office::open().await;
    let mut receiver = Receiver::open();
    receiver.serve(&office.stage, "plain", "json").await;
    assert_eq!(office.call(SEND, &office.message()).await["errcode"], 43_101);
    for _ in 0..2 {
        let choice = json!({ "person": "xiaoming", "accept": ["new-message"] });
        office.stage.post("subscribe", choice).await;
        let event = receiver.next().await.json();
        assert_eq!(event["Event"], "subscribe_msg_popup_event");
        assert_eq!(event["List"]["SubscribeStatusString"], "accept", "one entry is a bare object");
    }
    for _ in 0..2 {
        let answer = office.call(SEND, &office.message()).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        let event = receiver.next().await.json();
        assert_eq!(event["Event"], "subscribe_msg_sent_event");
        assert_eq!(event["List"]["MsgID"], answer["msgid"].to_string());
    }
    assert_eq!(office.call(SEND, &office.message()).await["errcode"], 43_101);
    let sent = office.stage.get("messages").await;
    assert_eq!(sent["items"].as_array().unwrap().len(), 2);
    assert_eq!(sent["items"][0]["data"]["thing2"]["value"], "两杯茶");
}

#[tokio::test]
async fn several_choices_are_an_array() {
    let office = Office::open().await;
    office.stage.post("templates", json!({ "template_id": "other", "fields": [] })).await;
    let mut receiver = Receiver::open();
    receiver.serve(&office.stage, "plain", "json").await;
    let choice = json!({ "person": "xiaoming", "accept": ["new-message"], "reject": ["other"] });
    office.stage.post("subscribe", choice).await;
    assert_eq!(receiver.next().await.json()["List"].as_array().unwrap().len(), 2);
    receiver.serve(&office.stage, "plain", "xml").await;
    let choice = json!({ "person": "xiaoming", "reject": ["other"] });
    office.stage.post("subscribe", choice).await;
    let body = receiver.next().await.body;
    assert!(body.contains("<SubscribeMsgPopupEvent><List>"), "{body}");
}

#[tokio::test]
async fn a_subscription_message_is_refused_for_its_own_reasons() {
    let office = Office::open().await;
    let choice = json!({ "person": "xiaoming", "accept": ["new-message"] });
    office.stage.post("subscribe", choice).await;
    office.stage.post("templates", json!({ "template_id": "banned", "fields": [], "banned": true })).await;
    office.stage.post("apps", json!({ "app_id": office.stage.app.id, "pages": ["pages/room"] })).await;
    let good = office.message();
    let with_thing = |text: &str| {
        let mut data = good["data"].clone();
        data["thing2"] = json!({ "value": text });
        changed(&good, "data", data)
    };
    for (body, errcode) in [
        (changed(&good, "touser", json!("oNobody")), 40_003),
        (changed(&good, "template_id", json!("none")), 40_037),
        (changed(&good, "template_id", json!("banned")), 43_107),
        (changed(&good, "page", json!("pages/none")), 41_030),
        (changed(&good, "data", json!({})), 47_003),
        (with_thing(&"茶".repeat(21)), 47_003),
        (with_thing("赌博"), 45_168),
        (good.clone(), 0),
    ] {
        let answer = office.call(SEND, &body).await;
        assert_eq!(answer["errcode"], errcode, "{answer}");
    }
    let answer = office.call(SEND, &with_thing("")).await;
    assert_eq!(answer["errcode"], 43_101, "the grant was used up, refusals cost none");
}
