//! One person sends again what was sent already, on purpose and without end, while fifty talk.
//!
//! Measured as in `tests/plugins/hostile.rs`: windows of it are compared with quiet ones, and one of several has to be clean.

use std::time::Duration;

use serde_json::json;
use teahouse_tests::{Settings, TestServer, server_test};

use crate::plugins::crowd::{Crowd, bearable, p99};

const WINDOW: Duration = Duration::from_millis(300);
/// Windows that are given to be clean in one.
const ATTEMPTS: usize = 8;
/// Different messages that are sent again.
const MESSAGES: usize = 20;

fn measured(settings: Settings) -> Settings {
    settings.set("limits.messages_per_second", 0).set("limits.frames_per_second", 0).alone()
}

#[server_test(measured)]
async fn one_who_repeats_on_purpose_slows_nobody_down(server: TestServer) {
    let mut crowd = Crowd::gather(&server).await;
    let repeater = server.person("repeater").await;
    repeater.join(crowd.room()).await;
    let room = crowd.room().to_owned();
    let mut socket = repeater.connect().await;
    for number in 0..MESSAGES {
        socket.send_to(&room, &format!("again-{number}"), "tea").await;
    }
    // The first words pay for what is made once.
    crowd.alone(WINDOW * 3).await;
    let mut quiet = crowd.alone(WINDOW).await;
    let mut complaints = Vec::new();
    loop {
        let from = crowd.now();
        let mut repeats = 0;
        while crowd.now() - from < WINDOW {
            let id = format!("again-{}", repeats % MESSAGES);
            socket.frame(json!({ "type": "msg", "id": id, "room": room, "content": "tea" })).await;
            assert_eq!(socket.answer(&id).await["type"], "ack");
            repeats += 1;
        }
        let attacked = p99(&crowd.latencies(from..crowd.now()).await);
        let limit = bearable(&quiet);
        println!("{repeats} repeats: p99 {attacked:?}, at most {limit:?}");
        if attacked <= limit {
            break;
        }
        complaints.push(attacked);
        assert!(complaints.len() < ATTEMPTS, "p99 {complaints:?}, at most {limit:?}");
        quiet.extend(crowd.alone(WINDOW).await);
    }
    assert!(crowd.part().await > 0);
    let history = repeater.history(&room).await;
    let own = history.iter().filter(|message| message["sender"]["id"] == repeater.id.as_str());
    assert_eq!(own.count(), MESSAGES);
}
