//! Reading a room's messages over REST: pages by `before`, `after`, `around`.

use serde_json::{Value, json};
use teahouse_tests::{Person, TestServer, contents, seqs, server_test};

/// A room with the messages `0` to `count - 1`; returns its id and the seq of message `0`.
async fn room_with(person: &Person, count: u32) -> (String, u64) {
    let room = person.public_room("garden").await;
    let mut socket = person.connect().await;
    let mut first = 0;
    for number in 0..count {
        let ack = socket.send_to(&room, &format!("c-{number}"), &number.to_string()).await;
        if number == 0 {
            first = ack["seq"].as_u64().expect("a seq");
        }
    }
    (room, first)
}

async fn page(person: &Person, room: &str, query: &str) -> Value {
    person.get(&format!("/v1/rooms/{room}/messages?{query}")).await.expect(200)
}

fn items(page: &Value) -> Vec<&str> {
    contents(page["items"].as_array().expect("items"))
}

/// Without a place, the newest come; whatever is asked, the items stand in the order of `seq`.
#[server_test]
async fn pages_come_from_each_side_of_a_place(server: TestServer) {
    let ann = server.person("ann").await;
    let (room, first) = room_with(&ann, 10).await;
    assert_eq!(items(&page(&ann, &room, "limit=3").await), ["7", "8", "9"]);
    assert_eq!(items(&page(&ann, &room, &format!("before={}&limit=3", first + 5)).await), ["2", "3", "4"]);
    assert_eq!(items(&page(&ann, &room, &format!("after={}&limit=3", first + 5)).await), ["6", "7", "8"]);
    let around = page(&ann, &room, &format!("around={}&limit=5", first + 5)).await;
    assert!(items(&around).contains(&"5") && items(&around).contains(&"4") && items(&around).contains(&"6"));
    let seqs = seqs(around["items"].as_array().expect("items"));
    assert!(seqs.is_sorted(), "{around}");
}

/// Scrolling back page by page meets every message once.
#[server_test]
async fn scrolling_back_meets_every_message_once(server: TestServer) {
    let ann = server.person("ann").await;
    let (room, _) = room_with(&ann, 25).await;
    let mut all: Vec<Value> = Vec::new();
    loop {
        let query =
            all.first().map_or("limit=10".into(), |oldest| format!("before={}&limit=10", oldest["seq"]));
        let mut older = page(&ann, &room, &query).await["items"].as_array().expect("items").clone();
        if older.is_empty() {
            break;
        }
        older.append(&mut all);
        all = older;
    }
    let expected: Vec<String> = (0..25).map(|number| number.to_string()).collect();
    assert_eq!(contents(&all), expected);
}

/// `next` and `prev` are cursors: opaque, and null at the ends.
#[server_test]
async fn a_page_says_whether_there_is_more(server: TestServer) {
    let ann = server.person("ann").await;
    let (room, first) = room_with(&ann, 5).await;
    let newest = page(&ann, &room, "limit=5").await;
    assert_eq!(newest["next"], Value::Null, "nothing is newer: {newest}");
    let early = page(&ann, &room, &format!("after={}&limit=2", first - 1)).await;
    assert!(!early["next"].is_null(), "three more are newer: {early}");
    let late = page(&ann, &room, &format!("before={}&limit=2", first + 5)).await;
    assert!(!late["prev"].is_null(), "three more are older: {late}");
}

/// The newest message of each room stands in the list of rooms.
#[server_test]
async fn the_list_of_rooms_shows_where_each_stands(server: TestServer) {
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (room, first) = room_with(&ann, 3).await;
    bob.join(&room).await;
    ann.say(&room, "welcome").await;
    let rooms = bob.get("/v1/rooms").await.expect(200);
    let rooms = rooms["items"].as_array().expect("items");
    let listed = rooms.iter().find(|listed| listed["id"] == room.as_str()).expect("the joined room");
    assert!(listed["last_seq"].as_u64().expect("last_seq") > first + 2);
    assert!(listed["unread"].as_u64().expect("unread") >= 1, "{listed}");
    assert!(listed.to_string().contains("welcome"), "no last message: {listed}");
}

/// A wrong place or size is a wrong field, not a fault of the server's.
#[server_test]
async fn a_wrong_query_is_refused(server: TestServer) {
    let ann = server.person("ann").await;
    let (room, _) = room_with(&ann, 1).await;
    for query in ["limit=0", "limit=201", "limit=many", "before=-1", "before=x", "before=1&after=1"] {
        let answer = ann.get(&format!("/v1/rooms/{room}/messages?{query}")).await;
        assert!(matches!(answer.status, 400 | 422), "{query}: {answer}");
        answer.refused(answer.status, "invalid_field");
    }
}

/// A recalled message keeps its place, without what it said.
#[server_test]
async fn history_shows_messages_as_they_are_now(server: TestServer) {
    let ann = server.person("ann").await;
    let (room, _) = room_with(&ann, 2).await;
    let before = ann.history(&room).await;
    let mut socket = ann.connect().await;
    socket.frame(json!({ "type": "edit", "id": "e", "message": before[0]["id"], "content": "zero" })).await;
    socket.answer("e").await;
    socket.frame(json!({ "type": "recall", "id": "r", "message": before[1]["id"] })).await;
    socket.answer("r").await;
    let now = ann.history(&room).await;
    assert_eq!(seqs(&now), seqs(&before));
    assert_eq!(now[0]["content"], "zero");
    assert!(now[0]["edited_at"].is_string());
    assert!(now[1]["recalled_at"].is_string() && now[1].get("content").is_none(), "{}", now[1]);
}
