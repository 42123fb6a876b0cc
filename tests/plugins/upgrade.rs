//! Another version takes over while people talk.

use serde_json::{Value, json};
use teahouse_tests::{Keeper, TestServer, server_test};

use super::house::{put_to_work, runs, text};
use super::package::Workshop;
use super::talk::Talk;

const SENDERS: usize = 10;
const ROUNDS: usize = 3;
/// So many messages pass at least between two changes.
const MESSAGES: u64 = 200;

/// A filter of a room in full flow is upgraded and rolled back again and again: nothing is lost, nothing is doubled,
/// and everybody's messages stay in order.
#[server_test]
async fn a_filter_is_upgraded_and_rolled_back_without_a_lost_message(server: TestServer) {
    let keeper = server.keeper().await;
    let workshop = Workshop::of("noop-filter");
    let first = put_to_work(&server, &keeper, workshop.pack().await).await;
    workshop.change("version = \"0.1.0\"", "version = \"0.2.0\"");
    let second = keeper.upload("/plugins", workshop.pack().await).await.expect(201);
    assert_eq!(second["is_current"], false, "{second}");
    let mut talk = Talk::begin(&server, SENDERS).await;
    for _ in 0..ROUNDS {
        talk.goes_on(MESSAGES).await;
        let upgrade = json!({ "digest": second["digest"] });
        change(&server, &keeper, &second, "upgrade", upgrade).await;
        talk.goes_on(MESSAGES).await;
        change(&server, &keeper, &first, "rollback", json!({})).await;
    }
    talk.goes_on(MESSAGES).await;
    let all = talk.end().await;
    assert!(all.len() as u64 >= MESSAGES * (2 * ROUNDS as u64 + 1), "{} messages", all.len());
}

/// Lets `version` take over, and waits until it runs.
async fn change(server: &TestServer, keeper: &Keeper, version: &Value, how: &str, body: Value) {
    let (plugin, lines) = (text(version, "plugin"), server.lines());
    keeper.post(&format!("/plugins/{plugin}/{how}"), body).await.expect(200);
    runs(server, lines, plugin, text(version, "version")).await;
    let shown = keeper.get(&format!("/plugins/{plugin}")).await.expect(200);
    assert_eq!(shown["digest"], version["digest"], "{shown}");
}
