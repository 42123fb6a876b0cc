//! What a client must not do, and what it is closed with.

use super::*;

async fn closes(bytes: &[u8], expected: u16) {
    let house = House::open(GatewayConfig { frame_bytes: 1000, ..GatewayConfig::default() }).await;
    let mut raw = house.raw_guest().await;
    raw.write(&[&client_msg("before"), bytes, &client_msg("after")].concat()).await;
    assert_eq!(raw.json().await["text"], "before", "what came before counts");
    assert_eq!(raw.closed().await, Some(expected), "{bytes:02x?}");
    drop(raw);
    house.everybody_is_gone().await;
    assert_eq!(house.metrics.frames_in(), 1, "what comes after does not count");
}

#[tokio::test]
async fn a_breach_of_the_standard_closes_with_1002() {
    closes(&[0x81, 0x02, b'{', b'}'], 1002).await;
    closes(&[0xc1, 0x80, 0, 0, 0, 0], 1002).await;
    closes(&client_frame(3, true, b""), 1002).await;
    closes(&client_frame(9, true, &[0; 126]), 1002).await;
    closes(&client_frame(9, false, b""), 1002).await;
    closes(&client_frame(0, true, b""), 1002).await;
    closes(&client_frame(8, true, &[3]), 1002).await;
}

#[tokio::test]
async fn text_that_is_no_utf8_closes_with_1007() {
    closes(&client_frame(1, true, &[0xff]), 1007).await;
    closes(&[client_frame(1, false, "茶".as_bytes()), client_frame(0, true, &[0xff])].concat(), 1007).await;
}

#[tokio::test]
async fn too_large_closes_with_1009_and_says_so_before() {
    closes(&client_frame(1, true, &[b'x'; 1001]), 1009).await;
    closes(&[client_frame(1, false, &[b'x'; 999]), client_frame(0, true, b"xx")].concat(), 1009).await;
    let house = House::open(GatewayConfig { frame_bytes: 1000, ..GatewayConfig::default() }).await;
    let mut ann = house.guest().await;
    ann.send(&"x".repeat(1001)).await;
    ann.is_told("frame_too_large").await;
    assert_eq!(ann.closed().await, 1009);
}

#[tokio::test]
async fn bad_frames_are_answered_and_the_connection_stays() {
    let house = House::open_by_default().await;
    let mut ann = house.guest().await;
    for text in ["", "{", "5", "[]", "null", r#"{"type":"ping","type":"ping"}"#] {
        ann.send(text).await;
        ann.is_told("bad_json").await;
    }
    ann.send(r#"{"type":"shout"}"#).await;
    assert_eq!(ann.is_told("unknown_type").await["field"], "type");
    ann.send(r#"{"type":"msg","id":"m","content":5}"#).await;
    let told = ann.is_told("invalid_field").await;
    assert_eq!((&told["field"], &told["id"]), (&"content".into(), &"m".into()));
    ann.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    ann.is_told("binary_not_supported").await;
    ann.say("still here").await;
    ann.hears("still here").await;
}

#[tokio::test]
async fn one_bad_frame_past_the_limit_closes_with_1008() {
    let config = GatewayConfig { bad_frames_per_minute: 3, ..GatewayConfig::default() };
    let house = House::open(config).await;
    let mut ann = house.guest().await;
    for _ in 0..4 {
        ann.send("nonsense").await;
        ann.is_told("bad_json").await;
    }
    assert_eq!(ann.closed().await, 1008);
}

#[tokio::test]
async fn a_flood_is_slowed_and_then_closed_with_4029() {
    let config = GatewayConfig {
        frames_per_second: 1,
        frame_burst: 2,
        bad_frames_per_minute: 2,
        ..GatewayConfig::default()
    };
    let house = House::open(config).await;
    let mut ann = house.guest().await;
    for text in ["a", "b", "c", "d", "e"] {
        ann.say(text).await;
    }
    ann.hears("a").await;
    ann.hears("b").await;
    let told = ann.is_told("rate_limited").await;
    assert_eq!(told["id"], "c");
    assert!(told["retry_after_ms"].as_u64().unwrap() <= 1000);
    assert_eq!(ann.closed().await, 4029);
}
