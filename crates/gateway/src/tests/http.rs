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
