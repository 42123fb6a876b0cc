//! Sending: the ack, the idempotent id, the order, and who may.

use serde_json::json;
use teahouse_tests::{TestServer, contents, seqs, server_test};

/// A client that lost its ack sends again. The room must see one message, and the client the same ack.
#[server_test]
async fn a_message_sent_twice_is_stored_once(server: TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let first = ann.send("c-1", "two cups, please").await;
    let again = ann.send("c-1", "two cups, please").await;
    assert_eq!(first, again);
    ann.send("c-2", "and a pot").await;
    bob.sees(["two cups, please", "and a pot"]).await;
}

/// The id is the sender's own: another sender, or another room, may use the same.
#[server_test]
async fn a_client_id_counts_for_one_user_in_one_room(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    let (mut ann, mut bob) = (ann.connect().await, bob.connect().await);
    let in_lobby = ann.send("c-1", "one").await;
    let in_garden = ann.send_to(&room, "c-1", "two").await;
    let by_bob = bob.send("c-1", "three").await;
    assert_ne!(in_lobby["message"], in_garden["message"]);
    assert_ne!(in_lobby["message"], by_bob["message"]);
    assert_eq!(by_bob["seq"].as_u64(), in_lobby["seq"].as_u64().map(|seq| seq + 1));
}

/// The ack carries what the client needs to place its own bubble; the message itself goes to the others.
#[server_test]
async fn the_sending_connection_gets_the_ack_and_the_others_the_message(server: TestServer) {
    let ann = server.person("ann").await;
    let (mut phone, mut tablet) = (ann.connect().await, ann.connect().await);
    let lobby = phone.lobby();
    phone.join(&lobby).await;
    tablet.join(&lobby).await;
    let ack = phone.send("c-1", "hello").await;
    assert_eq!(ack["state"], "sent");
    let seen = &tablet.sees(["hello"]).await[0];
    assert_eq!(seen["id"], ack["message"]);
    assert_eq!(seen["seq"], ack["seq"]);
    assert_eq!(seen["at"], ack["at"]);
    assert_eq!(seen["client_id"], "c-1");
    assert_eq!(seen["room"], lobby.as_str());
    assert_eq!(seen["sender"]["id"], ann.id.as_str());
    assert_eq!(seen["sender"]["name"], "ann");
    assert_eq!(seen["kind"], "text");
    assert!(phone.until_now().await.iter().all(|event| event["type"] != "msg"));
}

/// Two senders at full speed: everybody sees both, in one order, without a hole.
#[server_test]
async fn every_member_sees_one_order_without_gaps(server: TestServer) {
    const EACH: usize = 100;
    let (ann, bob, eve) =
        (server.person("ann").await, server.person("bob").await, server.person("eve").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    eve.join(&room).await;
    let mut eve = eve.connect().await;
    let start = eve.join(&room).await["last_seq"].as_u64().expect("last_seq");
    let send_all = async |person: &teahouse_tests::Person| {
        let mut socket = person.connect().await;
        for number in 0..EACH {
            let id = format!("{}-{number}", person.name);
            socket.frame(json!({ "type": "msg", "room": room, "id": id, "content": id })).await;
        }
        for number in 0..EACH {
            socket.answer(&format!("{}-{number}", person.name)).await;
        }
    };
    tokio::join!(send_all(&ann), send_all(&bob));
    let mut seen = Vec::new();
    for _ in 0..2 * EACH {
        seen.push(eve.event("msg").await);
    }
    let expected: Vec<u64> = (start + 1..=start + 2 * EACH as u64).collect();
    assert_eq!(seqs(&seen), expected);
    for name in ["ann", "bob"] {
        let own: Vec<&str> =
            contents(&seen).into_iter().filter(|content| content.starts_with(name)).collect();
        let sent: Vec<String> = (0..EACH).map(|number| format!("{name}-{number}")).collect();
        assert_eq!(own, sent);
    }
}

/// Without `room`, a frame goes where the connection joined last, else to the lobby.
#[server_test]
async fn a_frame_without_a_room_goes_to_the_current_room(server: TestServer) {
    let ann = server.person("ann").await;
    let room = ann.public_room("garden").await;
    let mut socket = ann.connect().await;
    let lobby = socket.lobby();
    socket.send("c-1", "to the lobby").await;
    socket.join(&room).await;
    socket.send("c-2", "to the garden").await;
    assert_eq!(contents(&ann.history(&lobby).await), ["to the lobby"]);
    assert_eq!(contents(&ann.history(&room).await), ["to the garden"]);
}

/// REST and socket are two doors to one room.
#[server_test]
async fn a_message_by_rest_reaches_the_sockets(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let mut bob = bob.connect().await;
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let path = format!("/v1/rooms/{lobby}/messages");
    let body = json!({ "client_id": "c-1", "content": "by post" });
    let first = ann.post(&path, body.clone()).await.expect(201);
    let again = ann.post(&path, body).await.expect(200);
    assert_eq!(first["id"], again["id"]);
    let seen = &bob.sees(["by post"]).await[0];
    assert_eq!(seen["id"], first["id"]);
    assert_eq!(seen["seq"], first["seq"]);
}

/// What was sent by one door is known at the other.
#[server_test]
async fn a_client_id_is_one_for_both_doors(server: TestServer) {
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    let ack = socket.send("c-1", "once").await;
    let path = format!("/v1/rooms/{}/messages", socket.lobby());
    let again = ann.post(&path, json!({ "client_id": "c-1", "content": "once" })).await.expect(200);
    assert_eq!(again["id"], ack["message"]);
}

/// Every kind but text has an object as content, and a line of text for lists and notices.
#[server_test]
async fn a_location_arrives_as_it_was_sent(server: TestServer) {
    let (mut ann, mut bob) =
        (server.person("ann").await.connect().await, server.person("bob").await.connect().await);
    let lobby = bob.lobby();
    bob.join(&lobby).await;
    let content = json!({ "latitude": 30.25, "longitude": 120.125, "name": "西湖" });
    ann.frame(json!({ "type": "msg", "id": "c-1", "kind": "location", "content": content })).await;
    ann.answer("c-1").await;
    let seen = bob.event("msg").await;
    assert_eq!(seen["kind"], "location");
    assert_eq!(seen["content"]["name"], "西湖");
    assert!(seen["text"].is_string(), "no text in {seen}");
}

/// An answer names what it answers, and a mention whom it means.
#[server_test]
async fn replies_and_mentions_arrive(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (mut at_ann, mut at_bob) = (ann.connect().await, bob.connect().await);
    let lobby = at_ann.lobby();
    at_ann.join(&lobby).await;
    let question = at_bob.send("c-1", "tea?").await;
    at_ann.sees(["tea?"]).await;
    at_bob
        .frame(json!({ "type": "msg", "id": "c-2", "content": "@ann?", "reply_to": question["message"], "mentions": [ann.id] }))
        .await;
    at_bob.answer("c-2").await;
    let seen = &at_ann.sees(["@ann?"]).await[0];
    assert_eq!(seen["reply_to"], question["message"]);
    assert_eq!(seen["mentions"], json!([ann.id]));
}

/// A public room may be read by anybody, but only members write.
#[server_test]
async fn only_members_write(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    let mut bob_socket = bob.connect().await;
    bob_socket.join(&room).await;
    bob_socket.frame(json!({ "type": "msg", "room": room, "id": "c-1", "content": "may I?" })).await;
    let error = bob_socket.refused("not_a_member").await;
    assert_eq!(error["id"], "c-1");
    ann.say(&room, "come in").await;
    bob_socket.sees(["come in"]).await;
    bob.join(&room).await;
    bob_socket.send_to(&room, "c-1", "thank you").await;
}

/// Whether a private room exists is not a stranger's to know.
#[server_test]
async fn a_private_room_does_not_exist_for_strangers(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("study", "group", "private").await;
    let mut socket = bob.connect().await;
    socket.frame(json!({ "type": "msg", "room": room, "id": "c-1", "content": "hello?" })).await;
    socket.refused("room_not_found").await;
    socket.frame(json!({ "type": "join", "room": room })).await;
    socket.refused("room_not_found").await;
    for path in ["", "/messages", "/events", "/members"] {
        bob.get(&format!("/v1/rooms/{room}{path}")).await.refused(404, "room_not_found");
    }
    bob.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "hello?" }))
        .await
        .refused(404, "room_not_found");
}
