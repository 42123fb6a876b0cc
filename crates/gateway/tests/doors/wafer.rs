//! The wafer room: `/ws` with the SDKs' credentials.

use serde_json::json;

use crate::house::{Client, Guests, House};

const MAGIC: &str = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A";

async fn enter(house: &House, skey: &str, id: &str) -> Client {
    let path = format!("/ws?X-WX-Id={id}&X-WX-Skey={skey}");
    house.connect(&path, &[("x-wx-id", id), ("x-wx-skey", skey)]).await
}

#[tokio::test]
async fn everybody_sees_every_message_the_sender_too() {
    let house = House::open(Guests::Refused).await;
    let ann = house.person("小安").await;
    let (skey, id) = (ann.token.as_str(), ann.session.id().to_string());
    let mut room = enter(&house, skey, &id).await;
    let system = room.json().await;
    assert_eq!((&system["type"], system["num"].is_u64()), (&"system".into(), true));
    let mut bob = house.native("小博").await;
    room.send(&json!({"content": "你好"})).await;
    let mine = room.json().await;
    assert_eq!((&mine["type"], &mine["content"]), (&"user".into(), &"你好".into()));
    assert_eq!(mine["number"], 2);
    let heard = bob.json().await;
    assert_eq!((&heard["content"], &heard["seq"]), (&"你好".into(), &mine["id"]));
    bob.send(&json!({"type": "msg", "content": "hello"})).await;
    let other = room.json().await;
    assert_eq!((&other["type"], &other["content"]), (&"remote".into(), &"hello".into()));
    assert!(other["id"].as_u64() > mine["id"].as_u64());
    room.send_text("no json").await;
    let told = room.json().await;
    assert_eq!(told["type"], "system");
    assert!(told.get("error").is_none(), "an error would log the user out");
}

#[tokio::test]
async fn a_lost_session_is_told_in_the_words_that_make_the_client_sign_in_again() {
    let house = House::open(Guests::Welcome).await;
    let ann = house.person("小安").await;
    let other = house.person("小博").await;
    let cases = [("forged", "1"), (ann.token.as_str(), &other.session.id().to_string())];
    for (skey, id) in cases {
        let mut room = enter(&house, skey, id).await;
        let told = room.json().await;
        assert_eq!((&told[MAGIC], &told["error"]), (&1.into(), &"ERR_INVALID_SESSION".into()));
        assert_eq!(room.closed().await, 4001);
    }
}

#[tokio::test]
async fn a_newer_socket_replaces_the_older_of_its_session() {
    let house = House::open(Guests::Refused).await;
    let ann = house.person("小安").await;
    let (skey, id) = (ann.token.as_str(), ann.session.id().to_string());
    let mut older = enter(&house, skey, &id).await;
    older.json().await;
    let mut newer = enter(&house, skey, &id).await;
    newer.json().await;
    assert_eq!(older.closed().await, 4002);
    newer.send(&json!({"content": "still here"})).await;
    assert_eq!(newer.json().await["content"], "still here");
}
