//! Clients written from the tutorials, at `/`.

use serde_json::json;

use crate::house::{Guests, House};

#[tokio::test]
async fn the_uniapp_client_talks_although_it_pastes_its_json_together() {
    let house = House::open(Guests::Welcome).await;
    let ann = house.person("小安").await;
    let mut uniapp = house.connect(&format!("/?token={}", ann.token.as_str()), &[]).await;
    assert_eq!(uniapp.json().await["type"], "hello");
    assert_eq!(uniapp.json().await["type"], "joined", "it hears the lobby without asking");
    let mut bob = house.native("小博").await;
    uniapp.send_text(r#"{"type":"msg","content":"he said "hi""}"#).await;
    assert_eq!(bob.json().await["content"], r#"he said "hi""#);
    assert_eq!(uniapp.json().await["type"], "ack", "and no echo");
    uniapp.send_text(r#"{"type":"ping"}"#).await;
    assert_eq!(uniapp.json().await["type"], "pong");
    bob.send(&json!({"type": "msg", "content": "hello"})).await;
    let heard = uniapp.json().await;
    assert_eq!((&heard["type"], &heard["content"]), (&"msg".into(), &"hello".into()));
}

#[tokio::test]
async fn a_tutorials_client_at_the_native_door_hears_the_room_it_spoke_in() {
    let house = House::open(Guests::Welcome).await;
    let ann = house.person("小安").await;
    let mut client = house.connect(&format!("/ws?token={}", ann.token.as_str()), &[]).await;
    assert_eq!(client.json().await["type"], "hello");
    client.send(&json!({"type": "msg", "content": "anybody here?"})).await;
    let mut seen = [client.json().await["type"].clone(), client.json().await["type"].clone()];
    seen.sort_by_key(ToString::to_string);
    assert_eq!(seen, ["ack", "joined"]);
    let mut bob = house.native("小博").await;
    bob.send(&json!({"type": "msg", "content": "me"})).await;
    assert_eq!(client.json().await["content"], "me");
}

#[tokio::test]
async fn wepy_clients_hear_each_other_and_nothing_of_their_own() {
    let house = House::open(Guests::Welcome).await;
    let headers = [("sec-websocket-protocol", "protocol1")];
    let (mut ann, mut bob) = (house.connect("/", &headers).await, house.connect("/", &headers).await);
    let mut carl = house.native("小卡").await;
    for (text, data) in [("one", json!("one")), ("2", json!(2))] {
        ann.send(&json!({"data": data})).await;
        assert_eq!(carl.json().await["content"], text);
    }
    bob.send(&json!({"data": "reply"})).await;
    assert_eq!(ann.json().await["data"], "reply", "the first that it gets");
    ann.send_text("no json").await;
    let told = ann.json().await;
    assert!(told["data"].as_str().unwrap().starts_with("[系统]"));
    assert_eq!(told["error"], "bad_json");
}

/// The client reconnects whenever its network fails, and has no place to keep who it was.
#[tokio::test]
async fn a_tutorials_client_that_comes_again_is_the_same_guest() {
    let house = House::open(Guests::Welcome).await;
    let mut carl = house.native("小卡").await;
    for (door, words) in
        [("/", json!({"data": "你好"})), ("/?token=", json!({"type": "msg", "content": "你好"}))]
    {
        let mut first = house.connect(door, &[]).await;
        first.send(&words).await;
        let guest = carl.json().await["sender"]["id"].clone();
        let mut beside = house.connect(door, &[]).await;
        beside.send(&words).await;
        let other = carl.json().await["sender"]["id"].clone();
        assert_ne!(other, guest, "two who are here at the same time are two");
        drop(first);
        // Until the server has noticed that the first is gone, whoever comes is somebody new, and stays.
        let mut newcomers = Vec::new();
        let again = async {
            loop {
                let mut client = house.connect(door, &[]).await;
                client.send(&words).await;
                newcomers.push(client);
                if carl.json().await["sender"]["id"] == guest {
                    break;
                }
            }
        };
        let again = tokio::time::timeout(std::time::Duration::from_secs(30), again).await;
        again.expect("the guest that went comes again");
    }
}

#[tokio::test]
async fn a_wepy_client_is_told_where_guests_are_not_let_in() {
    let house = House::open(Guests::Refused).await;
    let mut client = house.connect("/", &[]).await;
    assert_eq!(client.json().await["error"], "session_required");
    assert_eq!(client.closed().await, 4001);
}
