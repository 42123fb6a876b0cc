//! Heartbeats, slow readers, stalled writers.

use super::*;

#[tokio::test]
async fn a_silent_client_is_pinged_and_then_closed_with_4008() {
    let house = House::open(GatewayConfig { heartbeat_ms: 50, ..GatewayConfig::default() }).await;
    let mut raw = house.raw_guest().await;
    assert_eq!(raw.frame().await, Some((0x89, Vec::new())));
    assert_eq!(raw.closed().await, Some(4008));
    drop(raw);
    house.everybody_is_gone().await;
    assert_eq!(house.closes("4008"), 1);
}

#[tokio::test]
async fn a_client_that_answers_lives() {
    // Long enough that a busy machine answers within two of them.
    let house = House::open(GatewayConfig { heartbeat_ms: 250, ..GatewayConfig::default() }).await;
    let mut ann = house.guest().await;
    for _ in 0..4 {
        // tungstenite answers a ping while it is read.
        assert!(matches!(ann.0.next().await, Some(Ok(Message::Ping(_)))));
    }
    ann.say("alive").await;
    ann.hears("alive").await;
}

#[tokio::test]
async fn any_frame_is_a_sign_of_life() {
    let house = House::open(GatewayConfig { heartbeat_ms: 250, ..GatewayConfig::default() }).await;
    let mut raw = house.raw_guest().await;
    for _ in 0..4 {
        assert_eq!(raw.frame().await, Some((0x89, Vec::new())), "a ping comes whatever else does");
        raw.write(&client_frame(1, false, b"")[..3]).await;
        raw.write(&client_frame(1, false, b"")[3..]).await;
        raw.write(&client_frame(0, true, br#"{"type":"typing"}"#)).await;
        let answer = loop {
            // On a busy machine the next ping may be quicker than the answer.
            match raw.frame().await.expect("a frame") {
                (0x89, _) => {}
                (_, payload) => break serde_json::from_slice::<Value>(&payload).unwrap(),
            }
        };
        assert_eq!(answer["code"], "invalid_field");
    }
}

/// So little fits that a client which does not read is soon noticed.
fn narrow() -> GatewayConfig {
    GatewayConfig { send_buffer_bytes: 4096, outgoing_bytes: 200_000, ..GatewayConfig::default() }
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_closed_with_4029_and_the_others_are_not() {
    let house = House::open(narrow()).await;
    let mut slow = house.raw_guest().await;
    let mut ann = house.guest().await;
    house.until(|house| house.floor.guests.lock().len() == 2).await;
    let frame = text_frame(&"x".repeat(10_000));
    while house.floor.guests.lock().len() == 2 {
        house.announce(&frame);
        ann.hears(&"x".repeat(10_000)).await;
    }
    ann.say("undisturbed").await;
    ann.hears("undisturbed").await;
    assert_eq!(slow.closed().await, Some(4029), "whole frames, then the close");
    drop(slow);
    house.until(|house| house.metrics.open() == 1).await;
    assert_eq!(house.closes("4029"), 1);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_in_the_end() {
    let config = GatewayConfig { write_stall_ms: 50, close_ms: 50, outgoing_bytes: 1 << 30, ..narrow() };
    let house = House::open(config).await;
    let raw = house.raw_guest().await;
    house.until(|house| house.floor.guests.lock().len() == 1).await;
    // More than fits into the kernel's buffers of both ends.
    let frame = text_frame(&"x".repeat(1_000_000));
    for _ in 0..20 {
        house.announce(&frame);
    }
    house.everybody_is_gone().await;
    assert_eq!(house.closes("4029"), 1);
    drop(raw);
}
