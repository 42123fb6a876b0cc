//! What a mini-program and its server get from the simulator, over a real port and through the real client.

use poem::Route;
use teahouse_wechat_sim::{Config, Simulator};

use crate::stage::{Stage, assert_refused, serve};
use teahouse_wechat::{
    Errcode, Error, LoginCode, Sent, SessionState,
    decrypt::{DecryptError, PhoneInfo, UserInfo},
};

use serde_json::json;

#[tokio::test]
async fn a_login_is_exchanged_once_and_its_data_holds() {
    let stage = Stage::open().await;
    let phone = stage.login("xiaoming").await;
    let login = stage.exchange(&phone).await.unwrap();
    assert_eq!(login.openid.as_str().len(), 28);
    assert!(login.unionid.is_some());
    phone.check_signature(&login).unwrap();
    let user = phone.decrypt::<UserInfo>(&login).unwrap();
    assert_eq!(user.nick_name, "小明");
    assert_eq!(user.open_id.as_ref(), Some(&login.openid));
    assert_eq!(user.union_id, login.unionid);
    assert_refused(stage.exchange(&phone).await, Errcode::CodeUsed);
}

#[tokio::test]
async fn a_simulator_may_stand_below_a_path_of_another_server() {
    let simulator = Simulator::new(Config::default());
    let base = serve(Route::new().nest("/wechat-sim", simulator.endpoint()));
    let stage = Stage::at(&simulator, format!("{base}/wechat-sim"));
    let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    assert_eq!(stage.check(&login).await.unwrap(), SessionState::Current);
}

#[tokio::test]
async fn a_person_keeps_their_openid_in_one_app_and_their_unionid_in_all() {
    let stage = Stage::open().await;
    let second = stage.second_app().await;
    let here = stage.exchange(&stage.login("xiaohong").await).await.unwrap();
    let again = stage.exchange(&stage.login("xiaohong").await).await.unwrap();
    let there = stage.exchange_in(&second, &stage.login_in("xiaohong", &second).await).await.unwrap();
    assert_eq!(here.openid, again.openid);
    assert_eq!(here.session_key, again.session_key);
    assert_ne!(here.openid, there.openid);
    assert_eq!(here.unionid, there.unionid);
    let restarted = Stage::open().await;
    let later = restarted.exchange(&restarted.login("xiaohong").await).await.unwrap();
    assert_eq!(here.openid, later.openid);
}

#[tokio::test]
async fn people_are_listed_and_added() {
    let stage = Stage::open().await;
    let names = |people: &serde_json::Value| -> Vec<String> {
        let items = people["items"].as_array().unwrap();
        items.iter().map(|person| person["nickname"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&stage.get("people").await), ["小明", "小红", "老王", "阿珍"]);
    let new = stage.post("people", json!({ "nickname": "小李" })).await;
    let twin = stage.post("people", json!({ "nickname": "小李" })).await;
    assert_ne!(new["id"], twin["id"]);
    let login = stage.exchange(&stage.login(new["id"].as_str().unwrap()).await).await.unwrap();
    assert_eq!(login.openid.as_str(), new["openid"]);
    assert_eq!(login.unionid.unwrap().as_str(), new["unionid"]);
    let alone = stage.post("people", json!({ "nickname": "小赵", "unionid": false })).await;
    assert!(alone["unionid"].is_null());
    assert!(
        stage.exchange(&stage.login(alone["id"].as_str().unwrap()).await).await.unwrap().unionid.is_none()
    );
}

#[tokio::test]
async fn a_code_lives_five_minutes() {
    let stage = Stage::open().await;
    let (young, old) = (stage.login("laowang").await, stage.login("laowang").await);
    stage.advance(290).await;
    assert!(stage.exchange(&young).await.is_ok());
    stage.advance(10).await;
    assert_refused(stage.exchange(&old).await, Errcode::InvalidCode);
}

#[tokio::test]
async fn a_code_of_another_app_or_of_nobody_is_invalid() {
    let stage = Stage::open().await;
    let second = stage.second_app().await;
    let phone = stage.login("azhen").await;
    assert_refused(stage.exchange_in(&second, &phone).await, Errcode::InvalidCode);
    let unknown = LoginCode::parse("unknown").unwrap();
    assert_refused(stage.client.code_to_session(&stage.app, &unknown).await, Errcode::InvalidCode);
}

#[tokio::test]
async fn a_wrong_app_or_secret_is_refused() {
    let stage = Stage::open().await;
    let phone = stage.login("azhen").await;
    assert_refused(
        stage.exchange_in(&crate::stage::app("wxnobody", "x"), &phone).await,
        Errcode::InvalidAppId,
    );
    let wrong = crate::stage::app(stage.app.id.as_str(), "wrong");
    assert_refused(stage.exchange_in(&wrong, &phone).await, Errcode::InvalidAppSecret);
    stage.post("apps", json!({ "app_id": stage.app.id, "frozen": true })).await;
    assert_refused(stage.exchange(&phone).await, Errcode::SecretFrozen);
}

#[tokio::test]
async fn missing_parameters_have_their_own_numbers() {
    let stage = Stage::open().await;
    let app = format!("appid={}", stage.app.id);
    let secret = format!("secret={}", stage.app.secret.expose());
    for (query, errcode) in [
        (String::new(), 41_002),
        (app.clone(), 41_004),
        (format!("{app}&{secret}"), 41_008),
        (format!("{app}&{secret}&js_code=x"), 40_002),
        (format!("{app}&{secret}&js_code=x&grant_type=authorization_code"), 40_029),
    ] {
        let answer = stage.raw_get(&format!("/sns/jscode2session?{query}")).await;
        assert_eq!(answer.json["errcode"], errcode, "{query}");
        assert_eq!(answer.status, 200);
        assert!(answer.json["errmsg"].as_str().unwrap().contains(" rid: "));
    }
}

#[tokio::test]
async fn a_risky_person_and_the_hundred_and_first_login_are_refused() {
    let stage = Stage::at_midnight().await;
    stage.post("people", json!({ "id": "crook", "risk": true })).await;
    assert_refused(stage.exchange(&stage.login("crook").await).await, Errcode::PersonBlocked);
    for _ in 0..100 {
        stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    }
    assert_refused(stage.exchange(&stage.login("xiaoming").await).await, Errcode::TooFrequent);
    stage.advance(60).await;
    assert!(stage.exchange(&stage.login("xiaoming").await).await.is_ok());
}

#[tokio::test]
async fn an_answer_as_plain_text_is_understood() {
    let stage = Stage::with(|config| config.login_as_text = true).await;
    let phone = stage.login("xiaoming").await;
    let answer = stage.raw_get("/sns/jscode2session").await;
    assert_eq!(answer.content_type, "text/plain");
    assert!(stage.exchange(&phone).await.is_ok());
}

#[tokio::test]
async fn every_way_of_spoiling_the_data_is_caught_by_its_own_check() {
    let stage = Stage::open().await;
    let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    for (spoil, expected) in [
        ("wrong_app_id", DecryptError::ForeignWatermark),
        ("broken_padding", DecryptError::Padding),
        ("old_timestamp", DecryptError::TooOld),
        ("truncated", DecryptError::Padding),
        ("tampered", DecryptError::Utf8),
        ("short_iv", DecryptError::IvLength(15)),
        ("other_person", DecryptError::OpenIdMismatch),
    ] {
        let phone = stage.user_info("xiaoming", json!({ "spoil": spoil })).await;
        assert_eq!(phone.decrypt::<UserInfo>(&login).map(|_| ()), Err(expected), "{spoil}");
    }
    let phone = stage.user_info("xiaoming", json!({ "spoil": "wrong_signature" })).await;
    assert!(phone.check_signature(&login).is_err());
    let phone = stage.user_info("xiaoming", json!({ "spoil": "stale_key" })).await;
    assert!(phone.check_signature(&login).is_err());
    assert!(phone.decrypt::<UserInfo>(&login).unwrap_err().suggests_stale_key());
    let phone = stage.user_info("xiaoming", json!({ "anonymous": true })).await;
    assert_eq!(phone.decrypt::<UserInfo>(&login).unwrap().nick_name, "微信用户");
    assert!(phone.decrypt::<PhoneInfo>(&login).is_err(), "a profile is no phone number");
}

#[tokio::test]
async fn a_replaced_key_makes_the_servers_one_stale() {
    let stage = Stage::open().await;
    let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    assert_eq!(stage.check(&login).await.unwrap(), SessionState::Current);
    stage.post("expire", json!({ "person": "xiaoming" })).await;
    assert_eq!(stage.check(&login).await.unwrap(), SessionState::Stale);
    let phone = stage.user_info("xiaoming", json!({})).await;
    assert!(phone.check_signature(&login).is_err());
    let rotated = stage.post("login", json!({ "person": "xiaoming", "rotate": true })).await;
    let fresh = stage.exchange(&crate::stage::Phone::of(rotated, &stage.app)).await.unwrap();
    assert_eq!(stage.check(&fresh).await.unwrap(), SessionState::Current);
    assert_ne!(fresh.session_key, login.session_key);
}

#[tokio::test]
async fn a_reset_gives_a_new_key_and_ends_the_old_one() {
    let stage = Stage::open().await;
    let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    let fresh = stage.client.reset_session_key(&stage.app, &login.openid, &login.session_key).await.unwrap();
    assert_eq!(stage.check(&login).await.unwrap(), SessionState::Stale);
    let state = stage.client.check_session(&stage.app, &login.openid, &fresh).await.unwrap();
    assert_eq!(state, SessionState::Current);
    let again = stage.client.reset_session_key(&stage.app, &login.openid, &login.session_key).await;
    assert_refused(again, Errcode::InvalidSignature);
}

#[tokio::test]
async fn session_checks_refuse_what_is_wrong_with_them() {
    let stage = Stage::open().await;
    let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    let token = stage.client.access_token(&stage.app).await.unwrap();
    let who = format!("access_token={}&openid={}", token.expose(), login.openid.as_str());
    for (path, query, errcode) in [
        ("checksession", "openid=x".to_owned(), 41_001),
        ("checksession", format!("{who}&signature=00&sig_method=md5"), 87_008),
        ("checksession", format!("{who}&signature=00&sig_method=hmac_sha256"), 87_009),
        ("checksession", who.clone(), 40_097),
        ("resetusersessionkey", format!("{who}&signature=00&sig_method=hmac_sha256"), 87_009),
        (
            "resetusersessionkey",
            format!("access_token={}&openid=oNobody&signature=00&sig_method=hmac_sha256", token.expose()),
            40_003,
        ),
    ] {
        let answer = stage.raw_get(&format!("/wxa/{path}?{query}")).await;
        assert_eq!(answer.json["errcode"], errcode, "{path}?{query}");
    }
    let openid = stage.post("people", json!({ "nickname": "新人" })).await["openid"].clone();
    let query = format!(
        "access_token={}&openid={}&signature=00&sig_method=hmac_sha256",
        token.expose(),
        openid.as_str().unwrap()
    );
    assert_eq!(stage.raw_get(&format!("/wxa/resetusersessionkey?{query}")).await.json["errcode"], 87_007);
}

#[tokio::test]
async fn a_phone_code_gives_the_number_once() {
    let stage = Stage::open().await;
    let code = stage.phone_code("xiaoming").await;
    let number = stage.client.phone_number(&stage.app, &code).await.unwrap();
    assert_eq!((number.country_code.as_str(), number.pure_phone_number.as_str()), ("86", "13800000001"));
    assert_refused(stage.client.phone_number(&stage.app, &code).await, Errcode::InvalidCode);
    let second = stage.second_app().await;
    let foreign = stage.phone_code("xiaoming").await;
    assert_refused(stage.client.phone_number(&second, &foreign).await, Errcode::InvalidAppId);
    let old = stage.phone_code("xiaoming").await;
    stage.advance(300).await;
    assert_refused(stage.client.phone_number(&stage.app, &old).await, Errcode::InvalidCode);
}

#[tokio::test]
async fn a_login_code_is_no_phone_code() {
    let stage = Stage::open().await;
    let code =
        stage.post("login", json!({ "person": "xiaoming" })).await["code"].as_str().unwrap().to_owned();
    let code = teahouse_wechat::PhoneCode::parse(code).unwrap();
    assert_refused(stage.client.phone_number(&stage.app, &code).await, Errcode::InvalidCode);
}

#[tokio::test]
async fn a_login_whose_answer_is_lost_is_not_repeated() {
    let stage = Stage::open().await;
    let phone = stage.login("xiaoming").await;
    stage.fault(json!({ "path": "/sns/jscode2session", "drop": true, "processed": true })).await;
    let error = stage.exchange(&phone).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { sent: Sent::Maybe, .. }), "{error:?}");
    assert_eq!(stage.calls("/sns/jscode2session").await.len(), 1);
    assert_refused(stage.exchange(&phone).await, Errcode::CodeUsed);
}

#[tokio::test]
async fn a_busy_wechat_is_asked_again() {
    let stage = Stage::open().await;
    let phone = stage.login("xiaoming").await;
    stage.fault(json!({ "path": "/sns/jscode2session", "errcode": -1, "times": 2 })).await;
    assert!(stage.exchange(&phone).await.is_ok());
    assert_eq!(stage.calls("/sns/jscode2session").await.len(), 3);
    let phone = stage.login("xiaoming").await;
    stage.fault(json!({ "path": "/sns/jscode2session", "errcode": -1, "times": 3 })).await;
    assert_refused(stage.exchange(&phone).await, Errcode::SystemBusy);
}

#[tokio::test]
async fn nonsense_slowness_and_absence_are_told_apart() {
    let stage = Stage::open().await;
    let phone = stage.login("xiaoming").await;
    stage.fault(json!({ "path": "/sns/jscode2session", "garbage": true })).await;
    assert!(matches!(stage.exchange(&phone).await, Err(Error::Nonsense { status: 200, .. })));
    stage.fault(json!({ "path": "/sns/jscode2session", "http_status": 502 })).await;
    assert!(matches!(stage.exchange(&phone).await, Err(Error::Nonsense { status: 502, .. })));
    stage.fault(json!({ "path": "/sns/jscode2session", "delay_ms": 60_000 })).await;
    let hasty = stage.client_with(|config| config.timeout_ms = 500.try_into().unwrap());
    let late = hasty.code_to_session(&stage.app, &phone.code()).await;
    assert!(matches!(late, Err(Error::TimedOut { .. })), "{late:?}");
    let nowhere = stage.client_with(|config| {
        config.api_base = teahouse_wechat::ApiBase::parse("http://127.0.0.1:1").unwrap();
    });
    let absent = nowhere.code_to_session(&stage.app, &phone.code()).await;
    assert!(matches!(absent, Err(Error::Unreachable { sent: Sent::No, .. })), "{absent:?}");
}

#[tokio::test]
async fn no_secret_shows_in_an_error_or_in_the_journal() {
    let stage = Stage::open().await;
    let nowhere = stage.client_with(|config| {
        config.api_base = teahouse_wechat::ApiBase::parse("http://127.0.0.1:1").unwrap();
    });
    let phone = stage.login("xiaoming").await;
    let error = nowhere.code_to_session(&stage.app, &phone.code()).await.unwrap_err();
    let login = stage.exchange(&phone).await.unwrap();
    stage.check(&login).await.unwrap();
    let token = stage.client.access_token(&stage.app).await.unwrap();
    let said = format!("{error} {error:?} {login:?} {:?} {:?}", stage.client, stage.app);
    let noted = stage.get("calls").await.to_string();
    for secret in [stage.app.secret.expose(), login.session_key.expose(), token.expose()] {
        assert!(!said.contains(secret), "{said}");
        assert!(!noted.contains(secret), "{noted}");
    }
    assert!(!said.contains(login.openid.as_str()));
}

#[tokio::test]
async fn every_errcode_arrives_as_its_word() {
    let stage = Stage::open().await;
    let no_retry = stage.client_with(|_| {});
    for code in Errcode::NAMED.iter().filter(|code| **code != Errcode::SystemBusy) {
        let phone = stage.login("xiaoming").await;
        stage.fault(json!({ "path": "/sns/jscode2session", "errcode": code.number() })).await;
        assert_refused(no_retry.code_to_session(&stage.app, &phone.code()).await, *code);
        assert!(stage.exchange(&phone).await.is_ok(), "then it succeeds");
        stage.advance(60).await;
    }
}

#[tokio::test]
async fn a_fault_may_be_meant_for_one_app_or_person() {
    let stage = Stage::open().await;
    let second = stage.second_app().await;
    stage
        .fault(json!({ "path": "/sns/jscode2session", "errcode": 40226, "match": { "appid": second.id } }))
        .await;
    assert!(stage.exchange(&stage.login("xiaoming").await).await.is_ok());
    let there = stage.login_in("xiaoming", &second).await;
    assert_refused(stage.exchange_in(&second, &there).await, Errcode::PersonBlocked);
}

#[tokio::test]
async fn control_calls_tell_what_is_wrong_with_them() {
    let stage = Stage::open().await;
    for (path, body, status) in [
        ("login", json!({ "person": "nobody" }), 404),
        ("login", json!({ "person": "xiaoming", "app_id": "wxnone" }), 404),
        ("login", json!({}), 400),
        ("login", json!({ "person": "xiaoming", "spoil": "everything" }), 400),
        ("faults", json!({ "path": "/sns/jscode2sesion", "errcode": 1 }), 400),
        ("faults", json!({ "path": "/sns/jscode2session", "times": 0 }), 400),
        ("clock", json!({ "advance": 1 }), 400),
        ("apps", json!({ "app_id": "wxnew" }), 400),
    ] {
        let (found, answer) = stage.try_post(path, &body).await;
        assert_eq!(found, status, "{path} {body} {answer}");
        assert!(answer["error"].is_string());
    }
    assert_eq!(stage.raw_get("/no/such/call").await.status, 404);
}
