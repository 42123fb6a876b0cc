//! Limits: where they stand, who is told what, and that a busy person never meets them.

mod floods;
mod proxies;
mod scene;

use reqwest::header::RETRY_AFTER;
use serde_json::json;
use teahouse_tests::{Settings, TestServer, server_test};

fn with_two_messages_a_second(settings: Settings) -> Settings {
    settings.set("limits.messages_per_second", 2).set("limits.message_burst", 3)
}

/// The burst passes, the next is refused with the time to wait; after it, the same id goes through.
#[server_test(with_two_messages_a_second)]
async fn who_sends_too_fast_is_told_when_to_go_on(server: TestServer) {
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    for number in 0..3 {
        socket.send(&format!("c-{number}"), "quick").await;
    }
    socket.frame(json!({ "type": "msg", "id": "c-3", "content": "too quick" })).await;
    let error = socket.refused("rate_limited").await;
    assert_eq!(error["id"], "c-3");
    let wait = error["retry_after_ms"].as_u64().expect("retry_after_ms");
    assert!((1..=1000).contains(&wait), "{error}");
    // The limit is the user's, whatever the door.
    let by_rest =
        ann.post(&format!("/v1/rooms/{}/messages", socket.lobby()), json!({ "content": "too quick" })).await;
    by_rest.refused(429, "rate_limited");
    assert!(by_rest.headers.contains_key(RETRY_AFTER), "{by_rest}");
    // Others are not held back.
    server.person("bob").await.connect().await.send("c-0", "slow").await;
    loop {
        socket.frame(json!({ "type": "msg", "id": "c-3", "content": "patient" })).await;
        let answer = socket.find("an answer", |event| event["id"] == "c-3").await;
        if answer["type"] == "ack" {
            break;
        }
        assert_eq!(answer["code"], "rate_limited");
    }
}

fn with_three_sign_ins_a_minute(settings: Settings) -> Settings {
    settings.set("limits.sign_ins_per_minute", 3)
}

#[server_test(with_three_sign_ins_a_minute)]
async fn sign_ins_of_an_address_are_limited(server: TestServer) {
    for _ in 0..3 {
        server.guest("guest").await;
    }
    let answer = server.post("/v1/auth/guest", json!({})).await;
    answer.refused(429, "rate_limited");
    assert!(
        answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)),
        "{answer}"
    );
}

fn with_five_requests_a_second(settings: Settings) -> Settings {
    settings.set("limits.requests_per_second", 5)
}

/// The headers of the draft tell how much is left; past it there is 429.
#[server_test(with_five_requests_a_second)]
async fn requests_of_a_user_are_limited(server: TestServer) {
    let ann = server.person("ann").await;
    let first = ann.get("/v1/me").await;
    assert!(!first.header("ratelimit").is_empty() && !first.header("ratelimit-policy").is_empty(), "{first}");
    let mut refused = None;
    for _ in 0..200 {
        let answer = ann.get("/v1/me").await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a limit");
    refused.refused(429, "rate_limited");
    assert!(!refused.header("retry-after").is_empty(), "{refused}");
}

const CONNECTIONS: usize = 6;

fn with_few_connections(settings: Settings) -> Settings {
    settings.set("limits.connections_per_address", CONNECTIONS)
}

/// One socket too many is told why, since a refused upgrade shows a client nothing; when one goes, another may come.
/// What this test itself holds open for its REST calls does not count.
#[server_test(with_few_connections)]
async fn connections_of_an_address_are_limited(server: TestServer) {
    let ann = server.person("ann").await;
    let mut inside = Vec::new();
    for _ in 0..CONNECTIONS {
        inside.push(ann.connect().await);
    }
    let refusal = ann.try_connect().await.err().expect("a refusal");
    assert!(refusal.contains("too_many_connections"), "{refusal}");
    inside.pop().expect("one").close().await;
    while ann.try_connect().await.is_err() {}
}

fn with_two_connections_a_user(settings: Settings) -> Settings {
    settings.set("limits.connections_per_user", 2)
}

/// The oldest is told, and closed with a code after which a client does not come back by itself.
#[server_test(with_two_connections_a_user)]
async fn one_connection_too_many_of_a_user_closes_the_oldest(server: TestServer) {
    let ann = server.person("ann").await;
    let mut oldest = ann.connect().await;
    let mut older = ann.connect().await;
    let mut newest = ann.connect().await;
    oldest.refused("too_many_connections").await;
    assert_eq!(oldest.closes().await, Some(4002));
    for socket in [&mut older, &mut newest] {
        socket.until_now().await;
    }
}
