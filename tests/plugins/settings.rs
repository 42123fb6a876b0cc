//! Settings changed while people talk.

use std::time::Instant;

use serde_json::json;
use teahouse_tests::{Keeper, PATIENCE, TestServer, server_test};

use super::house::{PROBE, patient, probe, put_to_work};
use super::package::Workshop;
use super::talk::Talk;

const ROUNDS: usize = 4;
/// So many messages pass at least between two changes.
const MESSAGES: u64 = 100;

/// The probe, with a word that the admin chooses.
pub(super) fn with_a_word() -> Workshop {
    let workshop = probe();
    workshop.change("[[commands]]", "[config]\nschema = \"config.schema.json\"\n\n[[commands]]");
    let schema = json!({ "type": "object", "properties": {
        "word": { "type": "string", "default": "" },
        "broken": { "type": "boolean", "default": false },
    } });
    std::fs::write(workshop.path("config.schema.json"), schema.to_string()).expect("the schema");
    workshop
}

/// Each change is what the next message meets, and costs nobody one of theirs. Settings that the plugin does not take,
/// or that don't fit its schema, change nothing.
#[server_test(patient)]
async fn settings_change_under_traffic_and_nothing_is_lost(server: TestServer) {
    let keeper = server.keeper().await;
    put_to_work(&server, &keeper, with_a_word().pack().await).await;
    let mut talk = Talk::begin(&server).await;
    let mut ann = server.person("ann").await.connect().await;
    for round in 0..ROUNDS {
        talk.goes_on(MESSAGES).await;
        let word = format!("word{round}");
        configure(&keeper, json!({ "word": word })).await.expect(200);
        runs_as_told(&keeper).await;
        ann.frame(json!({ "type": "msg", "id": word, "content": format!("say {word}") })).await;
        assert_eq!(ann.refused("rejected").await["rule"], "word");
        if let Some(last) = round.checked_sub(1) {
            ann.send(&format!("free-{round}"), &format!("say word{last}")).await;
        }
    }
    let problem = configure(&keeper, json!({ "word": "x", "broken": true })).await;
    assert!(problem.status == 422 && problem.text.contains("it was told to be"), "{problem}");
    let problem = configure(&keeper, json!({ "word": 7 })).await;
    assert!(problem.status == 422 && problem.text.contains("word"), "{problem}");
    talk.goes_on(MESSAGES).await;
    ann.frame(json!({ "type": "msg", "id": "last", "content": format!("say word{}", ROUNDS - 1) })).await;
    assert_eq!(ann.refused("rejected").await["rule"], "word");
    talk.end().await;
}

/// Waits until what was changed last is what runs. That the plugin runs is said in the log, but also of a change before.
async fn runs_as_told(keeper: &Keeper) {
    let since = Instant::now();
    loop {
        let health = keeper.get(&format!("/plugins/{PROBE}/health")).await.expect(200);
        if health["nodes"][0]["lags"] == false {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "it does not run as it was told: {health}");
    }
}

async fn configure(keeper: &Keeper, values: serde_json::Value) -> teahouse_tests::Answer {
    keeper.put(&format!("/plugins/{PROBE}/settings"), json!({ "values": values })).await
}
