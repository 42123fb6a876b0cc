//! The holder of access tokens, and the calls that give them.

use crate::stage::{Stage, assert_refused};
use futures_util::future::join_all;
use serde_json::json;
use teahouse_wechat::{Errcode, Error, SessionState};

const STABLE: &str = "/cgi-bin/stable_token";
const CHECK: &str = "/wxa/checksession";

#[tokio::test]
async fn fifty_who_ask_at_once_cause_one_refresh() {
    let stage = Stage::open().await;
    let tokens = join_all((0..50).map(|_| stage.client.access_token(&stage.app))).await;
    let first = tokens[0].as_ref().unwrap().expose().to_owned();
    assert!(tokens.iter().all(|token| token.as_ref().unwrap().expose() == first));
    assert_eq!(stage.calls(STABLE).await.len(), 1);
}

#[tokio::test]
async fn fifty_who_wait_for_a_refresh_that_fails_share_its_failure() {
    let stage = Stage::open().await;
    stage.fault(json!({ "path": STABLE, "errcode": 40164, "delay_ms": 50 })).await;
    let outcomes = join_all((0..50).map(|_| stage.client.access_token(&stage.app))).await;
    for outcome in outcomes {
        assert_refused(outcome, Errcode::AddressNotAllowed);
    }
    assert_eq!(stage.calls(STABLE).await.len(), 1);
    assert!(stage.client.access_token(&stage.app).await.is_ok(), "the next one asks again");
}

#[tokio::test]
async fn a_token_that_dies_in_the_middle_of_a_burst_is_replaced_once() {
    let stage = Stage::open().await;
    let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    stage.check(&login).await.unwrap();
    // Somebody else forces a refresh: our token dies at once.
    let body = json!({
        "grant_type": "client_credential",
        "appid": stage.app.id,
        "secret": stage.app.secret.expose(),
        "force_refresh": true,
    });
    assert!(stage.raw_post(STABLE, body.to_string()).await.json["access_token"].is_string());
    let burst = join_all((0..50).map(|_| stage.check(&login))).await;
    assert!(burst.into_iter().all(|state| state.unwrap() == SessionState::Current));
    assert_eq!(stage.calls(STABLE).await.len(), 3, "the first, the forced, and one for the whole burst");
}

#[tokio::test]
async fn each_refusal_of_a_token_costs_one_refresh_and_one_repetition() {
    for errcode in [40_001, 40_014, 42_001] {
        let stage = Stage::open().await;
        let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
        stage.fault(json!({ "path": CHECK, "errcode": errcode })).await;
        assert_eq!(stage.check(&login).await.unwrap(), SessionState::Current);
        assert_eq!((stage.calls(STABLE).await.len(), stage.calls(CHECK).await.len()), (2, 2));
        stage.fault(json!({ "path": CHECK, "errcode": errcode, "times": 2 })).await;
        assert_refused(stage.check(&login).await, Errcode::from(errcode));
        assert_eq!(stage.calls(CHECK).await.len(), 4, "never a third time");
    }
}

#[tokio::test]
async fn a_jump_over_a_tokens_life_is_survived_whosever_clock_jumps() {
    let stage = Stage::open().await;
    let login = stage.exchange(&stage.login("xiaoming").await).await.unwrap();
    stage.check(&login).await.unwrap();
    stage.advance(7201).await;
    assert_eq!(stage.check(&login).await.unwrap(), SessionState::Current, "WeChat said 42001");
    assert_eq!(stage.calls(STABLE).await.len(), 2);
    stage.clock.advance(7201);
    assert_eq!(stage.check(&login).await.unwrap(), SessionState::Current, "our clock says it ended");
    assert_eq!(stage.calls(STABLE).await.len(), 3);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_and_the_old_one_serves_while_that_fails() {
    let stage = Stage::open().await;
    let first = stage.client.access_token(&stage.app).await.unwrap();
    stage.clock.advance(7139);
    stage.advance(7139).await;
    assert_eq!(stage.client.access_token(&stage.app).await.unwrap().expose(), first.expose());
    stage.clock.advance(1);
    stage.advance(1).await;
    stage.fault(json!({ "path": STABLE, "errcode": 50004 })).await;
    assert_eq!(stage.client.access_token(&stage.app).await.unwrap().expose(), first.expose());
    assert_eq!(stage.client.access_token(&stage.app).await.unwrap().expose(), first.expose());
    assert_eq!(stage.calls(STABLE).await.len(), 2, "a failed renewal waits before the next");
    stage.clock.advance(10);
    stage.advance(10).await;
    assert_ne!(stage.client.access_token(&stage.app).await.unwrap().expose(), first.expose());
}

#[tokio::test]
async fn a_lost_answer_to_a_repeatable_call_is_asked_for_again() {
    let stage = Stage::open().await;
    stage.fault(json!({ "path": STABLE, "drop": true })).await;
    stage.fault(json!({ "path": STABLE, "http_status": 503 })).await;
    assert!(stage.client.access_token(&stage.app).await.is_ok());
    assert_eq!(stage.calls(STABLE).await.len(), 3);
}

#[tokio::test]
async fn a_token_call_is_refused_for_its_own_reasons() {
    let stage = Stage::open().await;
    let good = json!({
        "grant_type": "client_credential",
        "appid": stage.app.id,
        "secret": stage.app.secret.expose(),
    });
    let changed = |name: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string()
    };
    for (body, errcode) in [
        (changed("grant_type", "x".into()), 40_002),
        (changed("appid", "".into()), 41_002),
        (changed("appid", "wxnone".into()), 40_013),
        (changed("secret", "".into()), 41_004),
        (changed("secret", "x".into()), 40_125),
        (String::new(), 44_002),
        ("[".to_owned(), 47_001),
    ] {
        assert_eq!(stage.raw_post(STABLE, body.clone()).await.json["errcode"], errcode, "{body}");
    }
    assert_eq!(stage.raw_get(STABLE).await.json["errcode"], 43_002);
    stage.post("apps", json!({ "app_id": stage.app.id, "allowed_addresses": ["192.0.2.1"] })).await;
    assert_eq!(stage.raw_post(STABLE, good.to_string()).await.json["errcode"], 40_164);
    stage
        .post("apps", json!({ "app_id": stage.app.id, "allowed_addresses": ["127.0.0.1"], "frozen": true }))
        .await;
    assert_eq!(stage.raw_post(STABLE, good.to_string()).await.json["errcode"], 40_243);
}

#[tokio::test]
async fn the_older_token_call_gives_tokens_that_work_too() {
    let stage = Stage::open().await;
    let query =
        format!("grant_type=client_credential&appid={}&secret={}", stage.app.id, stage.app.secret.expose());
    let answer = stage.raw_get(&format!("/cgi-bin/token?{query}")).await.json;
    assert_eq!(answer["expires_in"], 7200);
    assert!(answer.get("errcode").is_none());
    let token = answer["access_token"].as_str().unwrap();
    let check = stage.raw_get(&format!("{CHECK}?access_token={token}")).await.json;
    assert_eq!(check["errcode"], 40_097, "past the token, on to its arguments");
}

#[tokio::test]
async fn quotas_run_out_by_the_minute_and_by_the_day() {
    let stage = Stage::at_midnight().await;
    stage.post("quota", json!({ "path": "/cgi-bin/token", "per_minute": 1, "per_day": 2 })).await;
    let path = format!(
        "/cgi-bin/token?grant_type=client_credential&appid={}&secret={}",
        stage.app.id,
        stage.app.secret.expose()
    );
    let mut errcodes = Vec::new();
    for pause in [0, 60, 60, 86_400] {
        stage.advance(pause).await;
        errcodes.push(stage.raw_get(&path).await.json["errcode"].as_i64());
        errcodes.push(stage.raw_get(&path).await.json["errcode"].as_i64());
    }
    let (fine, minute, day) = (None, Some(45_011), Some(45_009));
    // The last pause begins a new day; within a day the second call is the last.
    assert_eq!(errcodes, [fine, minute, fine, day, day, day, fine, minute]);
    let usage = stage.get("quota").await;
    assert_eq!(usage["items"][0]["used_today"], 1);
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_a_wrong_token() {
    let stage = Stage::open().await;
    let wrong = crate::stage::app(stage.app.id.as_str(), "wrong");
    let error = stage.client.access_token(&wrong).await.unwrap_err();
    assert!(matches!(error, Error::Refused { code: Errcode::InvalidAppSecret, .. }), "{error:?}");
}
