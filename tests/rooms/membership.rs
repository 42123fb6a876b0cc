//! Coming and going.

use serde_json::json;
use teahouse_tests::{Person, TestServer, server_test};

async fn members(person: &Person, room: &str) -> Vec<String> {
    let page = person.get(&format!("/v1/rooms/{room}/members")).await.expect(200);
    let items = page["items"].as_array().expect("items");
    items.iter().map(|member| member["user"]["id"].as_str().expect("an id").to_owned()).collect()
}

#[server_test]
async fn coming_and_going_are_events(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    let mut at_ann = ann.connect().await;
    at_ann.join(&room).await;
    bob.join(&room).await;
    let came = at_ann.event("member").await;
    assert_eq!((&came["change"], &came["user"]["id"]), (&json!("joined"), &json!(bob.id)));
    assert!(members(&ann, &room).await.contains(&bob.id));
    bob.post(&format!("/v1/rooms/{room}/leave"), json!({})).await.expect(204);
    let went = at_ann.event("member").await;
    assert_eq!((&went["change"], &went["user"]["id"]), (&json!("left"), &json!(bob.id)));
    assert!(!members(&ann, &room).await.contains(&bob.id));
    bob.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": "still?" }))
        .await
        .refused(403, "not_a_member");
}

/// Joining twice is being there once.
#[server_test]
async fn joining_twice_changes_nothing(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("garden").await;
    bob.join(&room).await;
    let before = bob.connect().await.join(&room).await["last_seq"].clone();
    bob.join(&room).await;
    assert_eq!(bob.connect().await.join(&room).await["last_seq"], before);
    assert_eq!(members(&ann, &room).await.len(), 2);
}

/// Into a private room one is invited.
#[server_test]
async fn a_private_room_is_by_invitation(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("study", "group", "private").await;
    bob.post(&format!("/v1/rooms/{room}/join"), json!({})).await.refused(404, "room_not_found");
    ann.bring(&room, &bob).await;
    bob.say(&room, "thank you").await;
}

/// Who was put out of a private room no longer hears it.
#[server_test]
async fn a_kicked_member_hears_nothing_more(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("study", "group", "private").await;
    ann.bring(&room, &bob).await;
    let mut at_bob = bob.connect().await;
    at_bob.join(&room).await;
    ann.delete(&format!("/v1/rooms/{room}/members/{}", bob.id)).await.expect(204);
    ann.say(&room, "now we are alone").await;
    let seen = at_bob.until_now().await;
    assert!(seen.iter().all(|event| event["type"] != "msg"), "{seen:?}");
    bob.get(&format!("/v1/rooms/{room}")).await.refused(404, "room_not_found");
}

/// Everyone is in the lobby from the start.
#[server_test]
async fn everyone_is_a_member_of_the_lobby(server: TestServer) {
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    let lobby = socket.lobby();
    assert_eq!(socket.join(&lobby).await["role"], "member");
    assert!(ann.get("/v1/rooms").await.expect(200).to_string().contains(&lobby));
}

/// The list of members comes in pages, each member once.
#[server_test]
async fn members_are_paged(server: TestServer) {
    let ann = server.person("ann").await;
    let room = ann.public_room("garden").await;
    for number in 0..4 {
        server.guest(&format!("guest {number}")).await.join(&room).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("/v1/rooms/{room}/members?limit=2");
    loop {
        let page = ann.get(&path).await.expect(200);
        seen.extend(
            page["items"].as_array().expect("items").iter().map(|member| member["user"]["id"].clone()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/rooms/{room}/members?limit=2&cursor={next}");
    }
    let all = seen.len();
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!((all, seen.len()), (5, 5));
}
