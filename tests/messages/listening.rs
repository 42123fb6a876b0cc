//! Listening to many rooms at once, unread counts, and the events that are not durable.

use serde_json::json;
use teahouse_tests::{Settings, Socket, TestServer, server_test};

async fn heads(socket: &mut Socket, rooms: serde_json::Value) -> Vec<serde_json::Value> {
    socket.frame(json!({ "type": "listen", "rooms": rooms })).await;
    socket.event("heads").await["rooms"].as_array().expect("rooms").clone()
}

/// A list of conversations needs one frame: where each room stands, and then what happens in all.
#[server_test]
async fn listening_to_all_brings_heads_and_then_events(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let garden = ann.public_room("garden").await;
    let kitchen = ann.public_room("kitchen").await;
    bob.join(&garden).await;
    ann.say(&garden, "sun").await;
    let mut socket = bob.connect().await;
    let heads = heads(&mut socket, json!("all")).await;
    let head = heads.iter().find(|head| head["room"] == garden.as_str()).expect("the garden's head");
    assert_eq!(head["unread"], 1);
    assert_eq!(head["last"]["content"], "sun");
    assert!(heads.iter().all(|head| head["room"] != kitchen.as_str()), "not a member of the kitchen");
    ann.say(&garden, "rain").await;
    socket.sees(["rain"]).await;
    // Rooms that I get into later are listened to as well.
    bob.join(&kitchen).await;
    ann.say(&kitchen, "soup").await;
    socket.sees(["soup"]).await;
}

/// A named list brings those rooms, and no others.
#[server_test]
async fn listening_to_some_rooms_brings_no_others(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (garden, kitchen) = (ann.public_room("garden").await, ann.public_room("kitchen").await);
    bob.join(&garden).await;
    bob.join(&kitchen).await;
    let mut socket = bob.connect().await;
    assert_eq!(heads(&mut socket, json!([garden])).await.len(), 1);
    ann.say(&kitchen, "soup").await;
    ann.say(&garden, "sun").await;
    socket.sees(["sun"]).await;
}

/// Reading moves the cursor: the count falls, and the others get a receipt.
#[server_test]
async fn reading_clears_the_count_and_tells_the_others(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    let mut at_ann = ann.connect().await;
    at_ann.join(&room).await;
    let last = ann.say(&room, "two").await["seq"].clone();
    let mut at_bob = bob.connect().await;
    assert_eq!(at_bob.join(&room).await["unread"], 1);
    at_bob.frame(json!({ "type": "read", "room": room, "seq": last })).await;
    let receipt = at_ann.event("receipt").await;
    assert_eq!((receipt["user"].as_str(), &receipt["seq"]), (Some(bob.id.as_str()), &last));
    assert_eq!(bob.connect().await.join(&room).await["unread"], 0);
}

/// One's own messages are never unread.
#[server_test]
async fn own_messages_are_not_unread(server: TestServer) {
    let ann = server.person("ann").await;
    let room = ann.public_room("garden").await;
    ann.say(&room, "alone").await;
    assert_eq!(ann.connect().await.join(&room).await["unread"], 0);
}

/// Typing reaches the others, and takes no `seq`.
#[server_test]
async fn typing_is_seen_and_leaves_no_trace(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (mut at_ann, mut at_bob) = (ann.connect().await, bob.connect().await);
    let lobby = at_bob.lobby();
    let before = at_bob.join(&lobby).await["last_seq"].clone();
    at_ann.join(&lobby).await;
    for _ in 0..5 {
        at_ann.frame(json!({ "type": "typing", "room": lobby })).await;
    }
    assert_eq!(at_bob.event("typing").await["user"], ann.id.as_str());
    at_ann.until_now().await;
    let more = at_bob.until_now().await;
    assert!(more.iter().all(|event| event["type"] != "typing"), "at most one each 3 s: {more:?}");
    assert_eq!(bob.connect().await.join(&lobby).await["last_seq"], before);
}

fn with_a_short_absence(settings: Settings) -> Settings {
    settings.set("chat.offline_after_ms", 100)
}

/// Whether somebody is there, and that they went.
#[server_test(with_a_short_absence)]
async fn presence_tells_who_comes_and_goes(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let mut at_ann = ann.connect().await;
    let at_bob = bob.connect().await;
    at_ann.frame(json!({ "type": "presence", "users": [bob.id] })).await;
    assert_eq!(at_ann.event("presence").await["users"][&bob.id], "online");
    at_bob.close().await;
    let gone = at_ann.event("presence").await;
    assert!(gone["users"][&bob.id]["last_seen"].is_string(), "{gone}");
}

/// After `leave`, the room is silent.
#[server_test]
async fn leaving_a_room_ends_its_events(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    let mut socket = bob.connect().await;
    socket.join(&room).await;
    ann.say(&room, "heard").await;
    socket.sees(["heard"]).await;
    socket.frame(json!({ "type": "leave", "room": room })).await;
    assert_eq!(socket.event("left").await["room"], room.as_str());
    ann.say(&room, "unheard").await;
    assert!(socket.until_now().await.iter().all(|event| event["type"] != "msg"));
}
