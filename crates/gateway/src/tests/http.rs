//! The port also serves ordinary requests.

use super::*;
use crate::listener::BESIDE_SOCKETS;

async fn connect(house: &House) -> RawGuest {
    RawGuest { stream: TcpStream::connect(house.address).await.unwrap(), received: Vec::new() }
}

async fn body(raw: &mut RawGuest, length: usize) -> String {
    while raw.received.len() < length {
        assert!(raw.more().await, "the connection ended");
    }
    String::from_utf8(raw.received.drain(..length).collect()).unwrap()
}

#[tokio::test]
async fn a_foreign_client_is_served() {
    let house = House::open_by_default().await;
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let url = format!("http://{}/echo", house.address);
    let long = "tea ".repeat(100_000);
    let answer = client.post(&url).body(long.clone()).send().await.unwrap();
    assert!(answer.headers().contains_key("date"));
    assert_eq!(answer.text().await.unwrap(), long);
}

#[tokio::test]
async fn one_connection_carries_many_requests_and_then_a_socket() {
    let house = House::open_by_default().await;
    let mut raw = connect(&house).await;
    for _ in 0..3 {
        raw.write(b"GET / HTTP/1.1\r\nhost: t\r\n\r\n").await;
        assert!(raw.head().await.starts_with("HTTP/1.1 200"));
        assert_eq!(body(&mut raw, 5).await, "hello");
    }
    raw.write(b"HEAD / HTTP/1.1\r\nhost: t\r\n\r\n").await;
    assert!(raw.head().await.contains("content-length: 5"));
    raw.write(UPGRADE.as_bytes()).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    raw.write(&client_msg("hi")).await;
    assert_eq!(raw.json().await["text"], "hi");
}

#[tokio::test]
async fn a_head_too_large_or_too_slow_is_not_waited_for() {
    let config = GatewayConfig { header_ms: 50, header_bytes: 8192, ..GatewayConfig::default() };
    let house = House::open(config).await;
    let mut raw = connect(&house).await;
    raw.write(format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(9_000)).as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 431"));
    let mut raw = connect(&house).await;
    raw.write(b"GET / HTTP/1.1\r\nhost:").await;
    while raw.more().await {}
}

#[tokio::test]
async fn nonsense_gets_400() {
    let house = House::open_by_default().await;
    let mut raw = connect(&house).await;
    raw.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n").await;
    assert!(raw.head().await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_a_free_place_is_given_away_again() {
    let config = GatewayConfig { connections_per_address: 1, ..GatewayConfig::default() };
    let house = House::open(config).await;
    let mut inside = Vec::new();
    for _ in 0..=BESIDE_SOCKETS {
        inside.push(connect(&house).await);
    }
    let mut one_more = connect(&house).await;
    one_more.write(b"GET / HTTP/1.1\r\nhost: t\r\n\r\n").await;
    let head = one_more.head().await;
    assert!(head.starts_with("HTTP/1.1 429") && head.contains("problem+json"), "{head}");
    drop((inside, one_more));
    loop {
        let mut again = connect(&house).await;
        again.write(b"GET / HTTP/1.1\r\nhost: t\r\n\r\n").await;
        if again.more().await && again.head().await.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let house = House::open(GatewayConfig { stall_ms: 50, ..GatewayConfig::default() }).await;
    let mut raw = connect(&house).await;
    raw.write(b"POST /read HTTP/1.1\r\nhost: t\r\ncontent-length: 100\r\n\r\nsome").await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 408"), "{head}");
    while raw.more().await {}
}

#[tokio::test]
async fn a_body_that_is_slow_and_steady_is_read() {
    let config = GatewayConfig { stall_ms: 5_000, bytes_per_second: 10, ..GatewayConfig::default() };
    let house = House::open(config).await;
    let mut raw = connect(&house).await;
    raw.write(b"POST /read HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\n").await;
    for _ in 0..10 {
        raw.write(b"x").await;
        tokio::task::yield_now().await;
    }
    assert!(raw.head().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends_the_connection_and_frees_its_place() {
    let config = GatewayConfig {
        stall_ms: 50,
        send_buffer_bytes: 4096,
        requests_at_once_per_address: 2,
        ..GatewayConfig::default()
    };
    let house = House::open(config).await;
    let (mut slow, mut also_slow) = (connect(&house).await, connect(&house).await);
    for raw in [&mut slow, &mut also_slow] {
        raw.write(b"GET /large HTTP/1.1\r\nhost: t\r\n\r\n").await;
        assert!(raw.head().await.starts_with("HTTP/1.1 200"));
    }
    // Both places are taken by answers that nobody reads; then they are free again.
    loop {
        let mut other = connect(&house).await;
        other.write(b"GET / HTTP/1.1\r\nhost: t\r\n\r\n").await;
        let head = other.head().await;
        if head.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(head.starts_with("HTTP/1.1 429") && head.contains("retry-after: 1"), "{head}");
    }
    let mut received = 0;
    while slow.more().await {
        received += slow.received.len();
        slow.received.clear();
    }
    assert!(received < LARGE, "it was cut");
}

#[tokio::test]
async fn requests_at_once_of_one_address_have_a_bound() {
    let config = GatewayConfig { requests_at_once_per_address: 1, ..GatewayConfig::default() };
    let house = House::open(config).await;
    let mut first = connect(&house).await;
    first.write(b"GET /slow HTTP/1.1\r\nhost: t\r\n\r\n").await;
    house.floor.slow_began.notified().await;
    let mut second = connect(&house).await;
    second.write(b"GET / HTTP/1.1\r\nhost: t\r\n\r\n").await;
    let head = second.head().await;
    assert!(head.starts_with("HTTP/1.1 429"), "{head}");
    house.floor.slow_ends.notify_one();
    assert!(first.head().await.starts_with("HTTP/1.1 200"));
    // The place is free again, as soon as the answer is written.
    loop {
        let mut again = connect(&house).await;
        again.write(b"GET / HTTP/1.1\r\nhost: t\r\n\r\n").await;
        if again.head().await.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}
