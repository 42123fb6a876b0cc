//! Names that people bring when they sign in: a gate has its say in them as in those that they choose later.

use serde_json::{Value, json};
use teahouse_tests::{Answer, Keeper, Phone, TestServer, server_test};

use super::house::{PROBE, patient, runs, text, with_probe};

/// A guest can choose another name, and is told so as for a change of name; nobody was made.
#[server_test(patient)]
async fn a_guest_whose_name_is_refused_is_told_why_and_comes_by_another(server: TestServer) {
    let keeper = with_probe(&server).await;
    let enter = async |name: &str| server.post("/v1/auth/guest", json!({ "name": name })).await;
    let refused = enter("bad").await.refused(422, "rejected");
    let why = [text(&refused, "by"), text(&refused, "rule"), text(&refused, "reason")];
    assert_eq!(why, ["Probe", "bad-name", "no"], "{refused}");
    assert_eq!(enter("wait").await.refused(422, "rejected")["rule"], "held");
    assert_eq!(called(&enter("shout").await), "whisper");
    assert_eq!(called(&enter("odd").await), "odd");
    assert_eq!(called(&enter("guest").await), "guest");
    let names = reviewed(&keeper).await;
    assert_eq!(names, ["late-name: somebody should look: wait", "odd-name: hm: odd"]);
    server.post("/v1/auth/guest", json!({})).await.expect(200);
    // One that fails is spoken for by its policy.
    assert_eq!(called(&enter("trap").await), "trap");
    let lines = server.lines();
    keeper.put(&format!("/plugins/{PROBE}/policy"), json!({ "gate_on_error": "reject" })).await.expect(200);
    runs(&server, lines, PROBE, "").await;
    assert_eq!(enter("trap").await.refused(422, "rejected")["rule"], "plugin-failed");
}

/// Nobody is kept out by their nickname: they come as WeChat calls the nameless, and are asked about once.
#[server_test(patient)]
async fn a_nickname_of_wechats_that_is_refused_is_left_out(server: TestServer) {
    let keeper = with_probe(&server).await;
    let enter = async |phone: &Phone| server.post("/v1/auth/wechat", phone.login().await.body()).await;
    let [bad, shout, wait] = [
        server.wechat().phone("bad").await,
        server.wechat().phone("shout").await,
        server.wechat().phone("wait").await,
    ];
    assert_eq!(called(&enter(&bad).await), "微信用户");
    assert_eq!(called(&enter(&shout).await), "whisper");
    for _ in 0..3 {
        assert_eq!(called(&enter(&wait).await), "微信用户");
    }
    assert_eq!(reviewed(&keeper).await, ["late-name: somebody should look: wait"], "asked about once");
    let login = wait.login().await;
    let wafer = server
        .http()
        .get(server.url("/wafer/login"))
        .header("X-WX-Code", login.code)
        .header("X-WX-Encrypted-Data", login.encrypted_data)
        .header("X-WX-IV", login.iv);
    let wafer = Answer::of(wafer).await.expect(200);
    assert_eq!(wafer["data"]["userinfo"]["nickName"], "微信用户", "{wafer}");
    // A name of one's own is still to be had.
    let person = server.sign_in("bad", bad.login().await.body()).await;
    person.patch("/v1/me", json!({ "name": "bad" })).await.refused(422, "rejected");
    person.patch("/v1/me", json!({ "name": "good" })).await.expect(200);
    assert_eq!(called(&enter(&bad).await), "good");
}

/// A business's users come in whatever it calls them; the answer says under which name.
#[server_test(patient)]
async fn a_business_hears_what_its_users_are_called(server: TestServer) {
    let made = server.command(&["token", "key", "shop"]).await;
    let words = made.printed.split(|sign: char| !(sign.is_ascii_alphanumeric() || "-_".contains(sign)));
    let key = words.max_by_key(|word| word.len()).expect("a key").to_owned();
    let _keeper = with_probe(&server).await;
    let mint = async |body: Value| {
        Answer::of(server.http().post(server.url("/v1/auth/tokens")).header("X-Api-Key", &key).json(&body))
            .await
    };
    let first = mint(json!({ "external_id": "c-1", "name": "bad" })).await;
    assert!(called(&first).starts_with("用户"), "{first}");
    let again = mint(json!({ "external_id": "c-1", "name": "bad" })).await;
    assert_eq!(called(&again), called(&first));
    assert_eq!(called(&mint(json!({ "external_id": "c-1", "name": "ann" })).await), "ann");
    assert_eq!(called(&mint(json!({ "external_id": "c-1", "name": "bad" })).await), "ann");
    assert_eq!(called(&mint(json!({ "external_id": "c-2", "name": "shout" })).await), "whisper");
}

/// The name of who signed in.
#[track_caller]
fn called(signed_in: &Answer) -> String {
    assert_eq!(signed_in.status, 200, "{signed_in}");
    text(&signed_in.json()["user"], "name").to_owned()
}

/// What was put up for a look of names: the word for why, and the note.
async fn reviewed(keeper: &Keeper) -> Vec<String> {
    let reviews = keeper.get("/reviews").await.expect(200);
    let names = reviews["items"].as_array().expect("items").iter().filter(|it| it["subject"] == "user-name");
    names.map(|review| format!("{}: {}", text(review, "code"), text(review, "note"))).collect()
}
