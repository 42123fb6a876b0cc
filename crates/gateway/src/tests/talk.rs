//! What is said arrives.

use super::*;

#[tokio::test]
async fn what_one_says_everybody_hears_in_order() {
    let house = House::open_by_default().await;
    let (mut ann, mut bob) = (house.guest().await, house.guest().await);
    house.until(|house| house.floor.guests.lock().len() == 2).await;
    for text in ["one", "二", "three"] {
        ann.say(text).await;
    }
    for guest in [&mut ann, &mut bob] {
        for text in ["one", "二", "three"] {
            guest.hears(text).await;
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered_in_both_languages() {
    let house = House::open_by_default().await;
    let mut ann = house.guest().await;
    ann.send(r#"{"type":"ping","id":"p"}"#).await;
    assert_eq!(ann.json().await, serde_json::json!({"type": "pong", "id": "p"}));
    ann.0.send(Message::Ping(Bytes::from_static(b"tea"))).await.unwrap();
    assert_eq!(ann.0.next().await.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"tea")));
}

#[tokio::test]
async fn bytes_may_come_one_by_one_and_in_fragments() {
    let house = House::open_by_default().await;
    let mut raw = house.raw_guest().await;
    let text = r#"{"type":"msg","content":"一杯茶"}"#.as_bytes();
    let (first, second) = text.split_at(26);
    let stream = [
        client_frame(1, false, first),
        client_frame(9, true, b"between"),
        client_frame(0, false, b""),
        client_frame(0, true, second),
    ];
    for byte in stream.concat() {
        raw.write(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(raw.frame().await, Some((0x8a, b"between".to_vec())));
    assert_eq!(raw.json().await["text"], "一杯茶");
}

#[tokio::test]
async fn what_comes_right_behind_the_request_is_read() {
    let house = House::open_by_default().await;
    let stream = TcpStream::connect(house.address).await.unwrap();
    let mut raw = RawGuest { stream, received: Vec::new() };
    raw.write(&[UPGRADE.as_bytes(), &client_msg("impatient")].concat()).await;
    raw.head().await;
    assert_eq!(raw.json().await["text"], "impatient");
}

#[tokio::test]
async fn more_frames_than_a_turn_takes_are_all_handled() {
    let config = GatewayConfig { frames_per_second: 0, ..GatewayConfig::default() };
    let house = House::open(config).await;
    let mut raw = house.raw_guest().await;
    let many: Vec<u8> = (0..1000).flat_map(|number| client_msg(&number.to_string())).collect();
    raw.write(&many).await;
    for number in 0..1000 {
        assert_eq!(raw.json().await["text"], number.to_string());
    }
}

#[tokio::test]
async fn a_large_frame_arrives_both_ways() {
    let house = House::open_by_default().await;
    let mut ann = house.guest().await;
    let text = "x".repeat(3_900);
    for _ in 0..50 {
        ann.say(&text[..64]).await;
        ann.hears(&text[..64]).await;
    }
    house.announce(&text_frame(&"y".repeat(300_000)));
    ann.hears(&"y".repeat(300_000)).await;
}

#[tokio::test]
async fn while_a_frame_takes_time_no_other_is_read_but_writing_goes_on() {
    let house = House::open_by_default().await;
    let mut ann = house.guest().await;
    ann.say("later").await;
    ann.say("after").await;
    house.until(|house| house.metrics.frames_in() == 1).await;
    house.announce(&text_frame("meanwhile"));
    ann.hears("meanwhile").await;
    assert_eq!(house.metrics.frames_in(), 1);
    house.floor.go_on.notify_one();
    ann.hears("later").await;
    ann.hears("after").await;
}

#[tokio::test]
async fn a_refusal_names_the_frame() {
    let house = House::open_by_default().await;
    let mut ann = house.guest().await;
    ann.say("refuse").await;
    assert_eq!(ann.is_told("not_a_member").await["id"], "refuse");
    ann.say("later refuse").await;
    house.floor.go_on.notify_one();
    assert_eq!(ann.is_told("not_a_member").await["id"], "later refuse");
}

#[tokio::test]
async fn a_client_that_closes_gets_its_code_back_and_is_counted() {
    let house = House::open_by_default().await;
    let mut raw = house.raw_guest().await;
    raw.write(&client_frame(8, true, &4321_u16.to_be_bytes())).await;
    assert_eq!(raw.closed().await, Some(4321));
    assert!(!raw.more().await, "the server hangs up first");
    house.everybody_is_gone().await;
    assert_eq!(house.closes("client"), 1);
    assert!(house.floor.guests.lock().is_empty());
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_nothing_behind() {
    let house = House::open_by_default().await;
    let raw = house.raw_guest().await;
    house.until(|house| house.metrics.open() == 1).await;
    drop(raw);
    house.everybody_is_gone().await;
    assert_eq!(house.closes("abrupt"), 1);
    assert!(house.floor.guests.lock().is_empty());
}

#[tokio::test]
async fn what_waits_is_written_before_the_close() {
    let house = House::open_by_default().await;
    let mut ann = house.guest().await;
    ann.say("last words").await;
    ann.say("go away").await;
    ann.hears("last words").await;
    assert_eq!(ann.closed().await, 4001);
    house.everybody_is_gone().await;
    assert_eq!(house.closes("4001"), 1);
}
