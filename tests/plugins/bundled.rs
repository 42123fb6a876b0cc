//! What comes with the server, as it is after the first start.

use std::time::Instant;

use serde_json::{Value, json};
use teahouse_tests::{Keeper, PATIENCE, Person, Settings, Socket, TestServer, server_test};

use super::house::{agree, patient, runs, text};

const ENABLED: [&str; 2] = ["cn.teahouse.sensitive-words", "cn.teahouse.welcome-bot"];
const RESTING: [&str; 4] =
    ["cn.teahouse.link-guard", "cn.teahouse.flood-guard", "cn.teahouse.faq-bot", "cn.teahouse.poll-bot"];

fn with_what_comes_with_it(settings: Settings) -> Settings {
    patient(settings).set("plugins.bundled", true)
}

/// Six are there; the two that no house should be without work, and the others wait for somebody to want them.
#[server_test(with_what_comes_with_it)]
async fn a_new_house_keeps_out_sensitive_words(server: TestServer) {
    for plugin in ENABLED {
        runs(&server, 0, plugin, "").await;
    }
    for plugin in RESTING {
        server.prints(0, &["bundled plugin installed", plugin]).await;
    }
    let keeper = server.keeper().await;
    let list = keeper.get("/plugins").await.expect(200);
    let items = list["items"].as_array().expect("items");
    assert_eq!(items.len(), ENABLED.len() + RESTING.len(), "{list}");
    for plugin in items {
        assert_eq!(plugin["is_enabled"], ENABLED.contains(&text(plugin, "id")), "{plugin}");
        assert_eq!(plugin["signer"]["kind"], "bundled", "{plugin}");
    }
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    ann.frame(json!({ "type": "msg", "id": "1", "content": "澳门线上赌场，美女荷官在线发牌" })).await;
    assert_eq!(ann.refused("rejected").await["rule"], "gambling");
    let masked = ann.send("2", "What an asshole!").await;
    assert_eq!(masked["replaced"]["content"], "What an ＊＊＊＊＊＊＊!", "{masked}");
    let seen = message_of(&mut bob, &masked).await;
    assert_eq!(seen["content"], "What an ＊＊＊＊＊＊＊!", "{seen}");
}

/// The poll bot, once enabled: a command makes a card, and a press is counted on it and answered to its presser.
#[server_test(with_what_comes_with_it)]
async fn a_poll_is_a_card_whose_buttons_count(server: TestServer) {
    const POLL: &str = "cn.teahouse.poll-bot";
    server.prints(0, &["bundled plugin installed", POLL]).await;
    let keeper = server.keeper().await;
    enable(&server, &keeper, POLL).await;
    let ann = server.person("ann").await;
    let (mut asks, mut bob) = (ann.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    asks.join(&lobby).await;
    bob.join(&lobby).await;
    knows(&ann, &lobby, "poll").await;
    asks.send("1", "/poll 喝茶？喝 | 不喝 [10m]").await;
    let card = bob.find("the poll", |event| event["type"] == "msg" && event["kind"] == "card").await;
    let title = card["content"]["title"].as_str().unwrap_or_default();
    assert!(title.contains("喝茶？"), "{card}");
    bob.frame(json!({ "type": "press", "id": "2", "message": card["id"], "button": "vote-0" })).await;
    bob.answer("2").await;
    let changed =
        asks.find("the count", |event| event["type"] == "edited" && event["message"] == card["id"]).await;
    assert!(changed["content"]["text"].as_str().is_some_and(|text| text.contains("bob")), "{changed}");
    let told = bob.event("ephemeral").await;
    assert!(told["content"].as_str().is_some_and(|text| text.contains("喝")), "{told}");
}

async fn enable(server: &TestServer, keeper: &Keeper, plugin: &str) {
    let shown = keeper.get(&format!("/plugins/{plugin}")).await.expect(200);
    agree(keeper, &json!({ "plugin": plugin, "digest": shown["digest"] })).await;
    let lines = server.lines();
    keeper.act(&format!("/plugins/{plugin}/enable")).await.expect(200);
    runs(server, lines, plugin, "").await;
}

/// Waits until the room's commands have this one.
async fn knows(person: &Person, room: &str, command: &str) {
    let asked_since = Instant::now();
    loop {
        let list = person.get(&format!("/v1/rooms/{room}/commands")).await.expect(200);
        if list["items"].as_array().expect("items").iter().any(|one| one["name"] == command) {
            return;
        }
        assert!(asked_since.elapsed() < PATIENCE, "no /{command}: {list}");
    }
}

async fn message_of(socket: &mut Socket, ack: &Value) -> Value {
    socket.find("the message", |event| event["type"] == "msg" && event["id"] == ack["message"]).await
}
