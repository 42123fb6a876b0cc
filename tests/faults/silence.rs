//! Connections that do not read, do not answer, or are held up on the way.

use serde_json::json;
use teahouse_tests::{Opcode, Proxy, RawSocket, Settings, TestServer, server_test};

async fn raw(server: &TestServer, name: &str) -> RawSocket {
    let person = server.person(name).await;
    let mut socket = RawSocket::connect(server.address(), &format!("/ws?token={}", person.token)).await;
    assert_eq!(socket.event().await["type"], "hello");
    socket
}

const PORTION: usize = 32;
const PORTIONS: usize = 60;

fn with_short_queues(settings: Settings) -> Settings {
    settings.set("chat.outgoing_frames", 64)
}

/// A reader that stopped reading is closed with 4029, and nobody waits for it.
#[server_test(with_short_queues)]
async fn a_slow_reader_is_closed_and_holds_nobody_back(server: TestServer) {
    let mut slow = raw(&server, "slow").await;
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    let join = json!({ "type": "join", "room": lobby }).to_string();
    slow.send(&teahouse_tests::RawFrame::whole(Opcode::Text, join).masked()).await;
    assert_eq!(slow.event().await["type"], "joined");
    bob.join(&lobby).await;
    // More than the sockets' buffers and the queue together can hold, in portions that bob's queue can hold.
    let text = "x".repeat(4000);
    for portion in 0..PORTIONS {
        let ids: Vec<String> = (0..PORTION).map(|number| format!("c-{portion}-{number}")).collect();
        for id in &ids {
            ann.frame(json!({ "type": "msg", "id": id, "content": text })).await;
        }
        for id in &ids {
            ann.answer(id).await;
            bob.sees([text.as_str()]).await;
        }
    }
    let (events, code) = slow.rest().await;
    assert!(events.len() < PORTIONS * PORTION, "the slow reader was sent everything");
    assert!(matches!(code, Some(4029) | None), "{code:?}");
}

fn with_a_quick_heart(settings: Settings) -> Settings {
    settings.set("chat.heartbeat_s", 1).set("chat.offline_after_ms", 100)
}

/// Who answers no ping is gone; who answers, or says anything, stays.
#[server_test(with_a_quick_heart)]
async fn a_silent_connection_is_closed(server: TestServer) {
    let mut silent = raw(&server, "silent").await;
    let mut lively = server.person("lively").await.connect().await;
    let (_, code) = silent.rest().await;
    assert_eq!(code, Some(4008));
    lively.send("c-1", "still here").await;
}

/// A network that holds everything back and lets go: all arrives, in order, once.
#[server_test]
async fn a_stalled_network_only_delays(server: TestServer) {
    let proxy = Proxy::before(server.address()).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (mut at_ann, mut at_bob) = (ann.connect().await, bob.connect_to(proxy.address()).await);
    let lobby = at_bob.lobby();
    at_bob.join(&lobby).await;
    proxy.hold();
    for number in 0..20 {
        at_ann.send(&format!("c-{number}"), &number.to_string()).await;
    }
    proxy.mend();
    for number in 0..20 {
        at_bob.sees([number.to_string().as_str()]).await;
    }
}

/// A client that vanished without a word is found out by its silence, and can come back at once meanwhile.
#[server_test(with_a_quick_heart)]
async fn a_vanished_client_is_found_out(server: TestServer) {
    let proxy = Proxy::before(server.address()).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let vanished = ann.connect_to(proxy.address()).await;
    let mut at_bob = bob.connect().await;
    at_bob.frame(json!({ "type": "presence", "users": [ann.id] })).await;
    assert_eq!(at_bob.event("presence").await["users"][&ann.id], "online");
    proxy.hold();
    let gone = at_bob.event("presence").await;
    assert!(gone["users"][&ann.id]["last_seen"].is_string(), "{gone}");
    ann.connect().await.send("c-1", "back").await;
    drop(vanished);
}
