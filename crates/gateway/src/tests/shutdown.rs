//! The house closes: what is under way ends well, and in time.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn sockets_get_what_waits_and_then_1001() {
    let mut house = House::open_by_default().await;
    let (mut ann, bob) = (house.guest().await, house.guest().await);
    house.until(|house| house.floor.guests.lock().len() == 2).await;
    house.announce(&text_frame("last round"));
    house.shutdown.cancel();
    ann.hears("last round").await;
    assert_eq!(ann.closed().await, 1001);
    assert_eq!(bob.closed().await, 1001);
    house.has_closed().await;
    assert_eq!(house.metrics.open(), 0);
    assert!(TcpStream::connect(house.address).await.is_err(), "nobody is let in any more");
}

#[tokio::test]
async fn a_request_under_way_is_answered() {
    let mut house = House::open_by_default().await;
    let mut raw = RawGuest { stream: TcpStream::connect(house.address).await.unwrap(), received: Vec::new() };
    raw.write(b"GET /slow HTTP/1.1\r\nhost: t\r\n\r\n").await;
    house.floor.slow_began.notified().await;
    house.shutdown.cancel();
    house.floor.slow_ends.notify_one();
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    house.has_closed().await;
}

#[tokio::test]
async fn a_connection_that_asks_nothing_holds_nobody_back() {
    let mut house = House::open_by_default().await;
    let _unused = TcpStream::connect(house.address).await.unwrap();
    let mut used =
        RawGuest { stream: TcpStream::connect(house.address).await.unwrap(), received: Vec::new() };
    used.write(b"HEAD / HTTP/1.1\r\nhost: t\r\n\r\n").await;
    used.head().await;
    house.shutdown.cancel();
    let soon = Duration::from_secs(5);
    assert!(tokio::time::timeout(soon, house.has_closed()).await.is_ok(), "long before `shutdown_ms`");
}

#[tokio::test]
async fn what_does_not_end_is_not_waited_for() {
    let mut house = House::open(GatewayConfig { shutdown_ms: 50, ..GatewayConfig::default() }).await;
    let mut raw = RawGuest { stream: TcpStream::connect(house.address).await.unwrap(), received: Vec::new() };
    raw.write(b"GET /slow HTTP/1.1\r\nhost: t\r\n\r\n").await;
    house.floor.slow_began.notified().await;
    house.shutdown.cancel();
    house.has_closed().await;
}

#[tokio::test]
async fn a_client_that_ignores_the_close_is_cut() {
    let mut house = House::open(GatewayConfig { close_ms: 50, ..GatewayConfig::default() }).await;
    let raw = house.raw_guest().await;
    house.until(|house| house.metrics.open() == 1).await;
    house.shutdown.cancel();
    house.has_closed().await;
    assert_eq!(house.closes("1001"), 1);
    drop(raw);
}
