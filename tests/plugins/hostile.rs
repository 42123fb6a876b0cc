//! A plugin that attacks the server in every way that a test knows, while people talk. It may fail its own calls, and
//! nothing else.

use serde_json::{Value, json};
use teahouse_tests::{Keeper, Socket, TestServer, server_test};

use super::house::put_to_work;
use super::package::Workshop;
use super::talk::Talk;

const HOSTILE: &str = "house.tea.test.hostile";
const SENDERS: usize = 4;
/// So many messages pass at least beside each attack.
const MESSAGES: u64 = 10;
/// What all instances of the plugin may take by their caps, four of its filter and two of its bot with 32 MiB each; and
/// what the server may grow by itself from so much talk.
const MEMORY: u64 = (6 * 32 + 96) << 20;

/// Attacks of its filter, before a message is stored.
const FILTER: &[&str] = &[
    "loop",
    "recurse",
    "memory",
    "memory-loop",
    "copy",
    "log-flood",
    "kv-flood",
    "directory-flood",
    "random-flood",
    "huge-line",
    "strings",
    "trap",
    "error",
    "huge-reply",
    "large-reply",
    "smuggle",
    "log-inject",
    "denied",
    "kv-escape",
    "kv-big",
    "kv-fill 64",
    "room nowhere",
    "members nowhere",
];

/// Attacks of its bot, after it.
const BOT: &[&str] = &[
    "loop",
    "recurse",
    "memory",
    "memory-loop",
    "copy",
    "log-flood",
    "kv-flood",
    "huge-line",
    "strings",
    "trap",
    "echo",
    "edit",
    "react",
    "twice",
    "flood",
    "markup",
    "timers",
    "kv-keys k",
    "http http://127.0.0.1:9/",
    "http https://[::ffff:127.0.0.1]/",
    "http-header Host",
    "room nowhere",
    "history nowhere",
    "send-to nowhere",
];

/// Each attack of the filter: its message passes, as the policy says of one that fails, and nobody else notices.
#[server_test]
async fn a_hostile_filter_fails_its_own_calls_alone(server: TestServer) {
    let (keeper, mut talk, mut attacker) = besieged(&server).await;
    let before = server.memory();
    for (number, attack) in FILTER.iter().enumerate() {
        let answer = attack_with(&mut attacker, &talk, number, &format!("!{attack}")).await;
        assert_eq!(answer["type"], "ack", "{attack}: {answer}");
        goes_on(&server, &mut talk, before, attack).await;
        pardon(&keeper).await;
    }
    let answer = attack_with(&mut attacker, &talk, FILTER.len(), "!bad-code").await;
    assert_eq!(answer["rule"], "unnamed", "{answer}");
    let all = talk.end().await;
    for attack in FILTER {
        let text = format!("!{attack}");
        let there = all.iter().filter(|message| message["content"] == text.as_str()).count();
        // What it tried to smuggle in is judged as if it had been sent.
        assert!(there == 1 || *attack == "smuggle", "{text} is there {there} times");
    }
    is_shut_out(&server, &mut attacker).await;
}

/// Each attack of the bot: it comes after the commit, and the talk goes on beside it.
#[server_test]
async fn a_hostile_bot_harms_nobody(server: TestServer) {
    let (keeper, mut talk, mut attacker) = besieged(&server).await;
    let before = server.memory();
    for (number, attack) in BOT.iter().enumerate() {
        let answer = attack_with(&mut attacker, &talk, number, &format!("?{attack}")).await;
        assert_eq!(answer["type"], "ack", "{attack}: {answer}");
        goes_on(&server, &mut talk, before, attack).await;
        pardon(&keeper).await;
    }
    talk.end().await;
    is_shut_out(&server, &mut attacker).await;
}

/// The hostile plugin at work in every room, people who talk, and somebody who says what it does.
async fn besieged(server: &TestServer) -> (Keeper, Talk, Socket) {
    let keeper = server.keeper().await;
    let workshop = Workshop::of("hostile");
    // Where a bot works is decided one by one unless it says otherwise.
    workshop.change("concurrency = 2", "concurrency = 2\nrooms = \"all\"");
    put_to_work(server, &keeper, workshop.pack().await).await;
    let mut talk = Talk::begin(server, SENDERS).await;
    talk.goes_on(MESSAGES).await;
    let attacker = talk.owner().connect().await;
    (keeper, talk, attacker)
}

async fn attack_with(attacker: &mut Socket, talk: &Talk, number: usize, content: &str) -> Value {
    let id = format!("attack-{number}");
    attacker.frame(json!({ "type": "msg", "room": talk.room(), "id": id, "content": content })).await;
    attacker.find("an answer", |event| event["id"] == id.as_str() && event["type"] != "msg").await
}

async fn goes_on(server: &TestServer, talk: &mut Talk, before: u64, attack: &str) {
    talk.goes_on(MESSAGES).await;
    let grown = server.memory().saturating_sub(before);
    assert!(grown <= MEMORY, "{attack}: the server grew by {} MiB", grown >> 20);
}

/// Lets it try again, so that the next attack is made.
async fn pardon(keeper: &Keeper) {
    keeper.act(&format!("/plugins/{HOSTILE}/retry")).await.expect(204);
}

/// One that goes on failing is left out, and messages pass it by.
async fn is_shut_out(server: &TestServer, attacker: &mut Socket) {
    const TRAPS: usize = 12;
    let lines = server.lines();
    for number in 0..TRAPS {
        attacker.send(&format!("trap-{number}"), "!trap").await;
    }
    server.prints(lines, &["a plugin is in quarantine", HOSTILE]).await;
    attacker.send("after", "peace and tea").await;
}
