//! Coming back: what was missed arrives first, then what comes, and nothing twice.

use serde_json::{Value, json};
use teahouse_tests::{Opcode, Proxy, RawFrame, RawSocket, TestServer, contents, seqs, server_test};

/// The missed events come after the `joined`, oldest first.
#[server_test]
async fn what_was_missed_comes_before_what_is_new(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    let since = ann.say(&room, "seen").await["seq"].as_u64().expect("a seq");
    for text in ["missed 1", "missed 2", "missed 3"] {
        ann.say(&room, text).await;
    }
    let mut socket = bob.connect().await;
    let joined = socket.join_since(&room, since).await;
    assert_eq!(joined["last_seq"].as_u64(), Some(since + 3));
    ann.say(&room, "new").await;
    let seen = socket.sees(["missed 1", "missed 2", "missed 3", "new"]).await;
    assert_eq!(seqs(&seen), [since + 1, since + 2, since + 3, since + 4]);
}

/// More than a join brings: a `gap` names the rest, and REST pages it, so that nothing is missing.
#[server_test]
async fn a_gap_is_filled_by_paging_the_log(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    let mut at_ann = ann.connect().await;
    let mut first = 0;
    for number in 0..30_u64 {
        let ack = at_ann.send_to(&room, &format!("c-{number}"), &number.to_string()).await;
        if number == 0 {
            first = ack["seq"].as_u64().expect("a seq");
        }
    }
    let mut socket = bob.connect().await;
    socket.frame(json!({ "type": "join", "room": room, "since": first - 1, "limit": 10 })).await;
    socket.event("joined").await;
    let gap = socket.event("gap").await;
    assert_eq!((gap["from"].as_u64(), gap["to"].as_u64()), (Some(first + 10), Some(first + 29)));
    let mut seen: Vec<Value> = socket.until_now().await;
    let mut after = first + 9;
    while after < first + 29 {
        let page = bob.get(&format!("/v1/rooms/{room}/events?after={after}&limit=7")).await.expect(200);
        seen.extend(page["items"].as_array().expect("items").clone());
        after = seen.last().expect("an event")["seq"].as_u64().expect("a seq");
    }
    let expected: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    assert_eq!(contents(&seen), expected);
}

/// The log over REST holds the frames that a resuming socket gets, of every kind; a message stands in both as it is
/// now, so that what was taken back is not handed out again.
#[server_test]
async fn the_log_over_rest_is_what_the_socket_showed(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    let mut socket = ann.connect().await;
    let start = socket.join(&room).await["last_seq"].as_u64().expect("last_seq");
    bob.join(&room).await;
    let message = bob.say(&room, "tee").await;
    ann.patch(&format!("/v1/rooms/{room}"), json!({ "announcement": "closed on Mondays" })).await.expect(200);
    let mut at_bob = bob.connect().await;
    at_bob.frame(json!({ "type": "edit", "id": "e", "message": message["id"], "content": "tea" })).await;
    at_bob.answer("e").await;
    let mut live = Vec::new();
    for kind in ["member", "msg", "room", "edited"] {
        live.push(socket.event(kind).await);
    }
    let mut resumed = ann.connect().await;
    resumed.join_since(&room, start).await;
    let resumed = resumed.until_now().await;
    let log = ann.get(&format!("/v1/rooms/{room}/events?after={start}")).await.expect(200);
    assert_eq!(log["items"].as_array().expect("items"), &resumed);
    assert_eq!(seqs(&resumed), seqs(&live));
    assert_eq!((&resumed[0], &resumed[2], &resumed[3]), (&live[0], &live[2], &live[3]));
}

/// A cut connection, messages meanwhile, and back by `since`: each message once.
#[server_test]
async fn a_client_that_is_cut_off_catches_up(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let proxy = Proxy::before(server.address()).await;
    let mut at_bob = bob.connect_to(proxy.address()).await;
    let lobby = at_bob.lobby();
    at_bob.join(&lobby).await;
    let seen = ann.say(&lobby, "before").await["seq"].as_u64().expect("a seq");
    at_bob.sees(["before"]).await;
    proxy.cut();
    assert_eq!(at_bob.closes().await, None);
    ann.say(&lobby, "meanwhile").await;
    proxy.mend();
    let mut at_bob = bob.connect_to(proxy.address()).await;
    at_bob.join_since(&lobby, seen).await;
    ann.say(&lobby, "after").await;
    at_bob.sees(["meanwhile", "after"]).await;
}

/// A client that can't hear any more may still speak; what it says counts, and its end is noticed. Spoken by hand: client
/// libraries say no more on a connection once they have read its end.
#[server_test]
async fn a_half_closed_client_can_still_send(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let proxy = Proxy::before(server.address()).await;
    let mut at_ann = RawSocket::connect(proxy.address(), &format!("/ws?token={}", ann.token)).await;
    let mut at_bob = bob.connect().await;
    let lobby = at_bob.lobby();
    at_bob.join(&lobby).await;
    assert_eq!(at_ann.event().await["type"], "hello");
    say(&mut at_ann, &json!({ "type": "join", "room": lobby })).await;
    while at_ann.event().await["type"] != "joined" {}
    proxy.half_close();
    while at_ann.receive().await.is_some() {}
    say(&mut at_ann, &json!({ "type": "msg", "id": "c-1", "content": "can you hear me?" })).await;
    at_bob.sees(["can you hear me?"]).await;
    let mut again = ann.connect().await;
    let ack = again.send("c-1", "can you hear me?").await;
    assert_eq!(ack["state"], "sent");
    assert_eq!(bob.history(&lobby).await.len(), 1);
}

async fn say(socket: &mut RawSocket, frame: &Value) {
    socket.send(&RawFrame::whole(Opcode::Text, frame.to_string()).masked()).await;
}

/// A frame of a room's future is no reason to fail.
#[server_test]
async fn a_since_past_the_end_brings_nothing(server: TestServer) {
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    let lobby = socket.lobby();
    socket.join_since(&lobby, 1_000_000).await;
    assert!(socket.until_now().await.is_empty());
}

/// What is committed survives an orderly restart, and clients go on where they were.
#[server_test]
async fn a_restart_loses_nothing(mut server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let mut at_ann = ann.connect().await;
    let lobby = at_ann.lobby();
    let ack = at_ann.send("c-1", "before").await;
    server.ask_to_end();
    server.ended().await;
    server.start_again().await;
    let mut at_bob = bob.connect().await;
    at_bob.join_since(&lobby, ack["seq"].as_u64().expect("a seq") - 1).await;
    at_bob.sees(["before"]).await;
    let again = ann.connect().await.send("c-1", "before").await;
    assert_eq!(again, ack);
}
