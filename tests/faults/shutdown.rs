//! Asked to end: connections are told, what is under way is finished.

use serde_json::json;
use teahouse_tests::{TestServer, contents, server_test};

/// Everybody gets 1001, after what was waiting for them; what was acknowledged is there; the status is 0.
#[server_test]
async fn a_graceful_end_flushes_and_closes_with_1001(mut server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (mut at_ann, mut at_bob) = (ann.connect().await, bob.connect().await);
    let lobby = at_bob.lobby();
    at_bob.join(&lobby).await;
    for number in 0..50 {
        at_ann
            .frame(json!({ "type": "msg", "id": format!("c-{number}"), "content": number.to_string() }))
            .await;
    }
    at_ann.answer("c-0").await;
    server.ask_to_end();
    let mut acknowledged = vec!["0".to_owned()];
    let code = loop {
        match at_ann.next().await {
            Ok(event) if event["type"] == "ack" => {
                acknowledged.push(event["id"].as_str().expect("an id").replace("c-", ""));
            }
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, Some(1001));
    let mut heard = Vec::new();
    let code = loop {
        match at_bob.next().await {
            Ok(event) if event["type"] == "msg" => {
                heard.push(event["content"].as_str().expect("text").to_owned());
            }
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, Some(1001));
    assert!(server.ended().await.success());
    // Whoever was acknowledged was also heard before the end.
    assert_eq!(heard[..acknowledged.len()], acknowledged);
    server.start_again().await;
    let history = bob.history(&lobby).await;
    assert_eq!(contents(&history)[..acknowledged.len()], acknowledged);
}

/// An idle server ends at once.
#[server_test]
async fn an_idle_server_ends_at_once(mut server: TestServer) {
    server.ask_to_end();
    assert!(server.ended().await.success());
}
