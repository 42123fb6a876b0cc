//! SQLite's disk is full.

use serde_json::{Value, json};
use teahouse_tests::{Engine, Settings, TestServer};

use super::ledger::whole_log;

const DISK_MIB: u32 = 24;

/// A clear error, no corruption, and the service goes on when there is room again. PostgreSQL has a disk of its own.
#[test]
fn a_full_disk_is_told_and_harms_nothing_on_sqlite() {
    teahouse_tests::run(Engine::Sqlite, |settings: Settings| settings.small_disk(DISK_MIB), body);
}

async fn body(server: TestServer) {
    let ann = server.person("ann").await;
    let room = ann.public_room("attic").await;
    let filler = server.data_folder_inside().join("filler");
    std::fs::write(&filler, vec![0; (DISK_MIB as usize - 8) << 20]).expect("a filler");
    let mut socket = ann.connect().await;
    let text = "茶".repeat(1000);
    let mut acknowledged: Vec<Value> = Vec::new();
    let refusal = loop {
        let id = format!("c-{}", acknowledged.len());
        socket.frame(json!({ "type": "msg", "room": room, "id": id, "content": text })).await;
        let answer = socket.find("an answer", |event| event["id"] == id.as_str()).await;
        if answer["type"] != "ack" {
            break answer;
        }
        acknowledged.push(answer);
        assert!(acknowledged.len() < 20_000, "the disk never fills");
    };
    assert_eq!(refusal["code"], "storage_full", "{refusal}");
    // A little may still fit where the write-ahead log was folded in, but soon nothing does.
    let mut posted = 0;
    let by_rest = loop {
        let answer = ann.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": text })).await;
        if answer.status != 201 {
            break answer;
        }
        posted += 1;
        assert!(posted < 20_000, "the disk never fills");
    };
    by_rest.refused(507, "storage_full");
    // Reading goes on.
    assert!(!ann.get(&format!("/v1/rooms/{room}/messages")).await.expect(200)["items"][0].is_null());
    std::fs::remove_file(&filler).expect("room again");
    let id = format!("c-{}", acknowledged.len());
    acknowledged.push(socket.send_to(&room, &id, "there is room again").await);
    let log = whole_log(&ann, &room).await;
    let messages: Vec<&Value> = log.iter().filter(|event| event["type"] == "msg").collect();
    assert_eq!(messages.len(), acknowledged.len() + posted, "{posted} of them by REST");
    for ack in &acknowledged {
        assert!(
            messages.iter().any(|message| message["id"] == ack["message"] && message["seq"] == ack["seq"])
        );
    }
    assert_eq!(server.sqlite_check().await, "ok");
}
