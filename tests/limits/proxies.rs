//! Limits by address behind a proxy: each client has its own, by the word of a proxy that is trusted and of nobody else.

use serde_json::json;
use teahouse_tests::{Answer, Settings, Socket, TestServer, server_test};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ANN: &str = "203.0.113.1";
const BOB: &str = "203.0.113.2";

fn one_socket_an_address(settings: Settings) -> Settings {
    settings.set("limits.connections_per_address", 1)
}

fn behind_a_proxy(settings: Settings) -> Settings {
    one_socket_an_address(settings).set("server.trusted_proxies", "127.0.0.0/8")
}

/// A guest's socket, by way of a proxy that says whose it is; none where its address has one already. It is told so on the
/// socket, unless it comes while another is still being told.
async fn socket(server: &TestServer, header: (&str, &str)) -> Option<Socket> {
    let url = format!("ws://{}/ws", server.address());
    let mut socket = match Socket::open("a guest", &url, &[header]).await {
        Ok(socket) => socket,
        Err(why) => {
            assert!(why.contains("429"), "{why}");
            return None;
        }
    };
    let event = socket.next().await.expect("an event");
    if event["type"] == "hello" {
        return Some(socket);
    }
    assert_eq!((&event["code"], socket.closes().await), (&json!("too_many_connections"), Some(4029)));
    None
}

#[server_test(behind_a_proxy)]
async fn sockets_are_counted_by_the_client_behind_a_trusted_proxy(server: TestServer) {
    let name = "X-Forwarded-For";
    let first = socket(&server, (name, ANN)).await.expect("in");
    assert!(socket(&server, (name, ANN)).await.is_none());
    // What the client wrote itself stands left of what the proxy appended.
    assert!(socket(&server, (name, &format!("{BOB}, {ANN}"))).await.is_none());
    let _second = socket(&server, (name, BOB)).await.expect("another address");
    // Neighbours in one IPv6 network are one.
    let _third = socket(&server, (name, "2001:db8:1:2::1")).await.expect("another address");
    assert!(socket(&server, (name, "2001:db8:1:2:ffff::9")).await.is_none());
    first.close().await;
}

#[server_test(one_socket_an_address)]
async fn a_forged_header_changes_nothing(server: TestServer) {
    let _first = socket(&server, ("X-Forwarded-For", ANN)).await.expect("in");
    for forged in [("X-Forwarded-For", BOB), ("Forwarded", "for=203.0.113.2"), ("X-Real-IP", BOB)] {
        assert!(socket(&server, forged).await.is_none(), "{forged:?}");
    }
}

fn two_sign_ins_a_minute(settings: Settings) -> Settings {
    let settings = settings.set("limits.sign_ins_per_minute", 2).set("limits.strangers_per_minute", 1);
    settings.set("server.trusted_proxies", "127.0.0.1").set("server.proxy_header", "forwarded")
}

#[server_test(two_sign_ins_a_minute)]
async fn sign_ins_and_strangers_are_counted_by_the_client_too(server: TestServer) {
    let sign_in = async |name: &str, value: &str| {
        let request = server.http().post(server.url("/v1/auth/guest")).header(name, value);
        Answer::of(request.json(&json!({}))).await.status
    };
    let (ann, bob) = ("for=203.0.113.1;proto=https", "for=\"203.0.113.2:4711\"");
    for expected in [200, 200, 429] {
        assert_eq!(sign_in("Forwarded", ann).await, expected);
    }
    assert_eq!(sign_in("Forwarded", bob).await, 200);
    // The proxy writes the other header: this one is the client's, who counts as the proxy.
    for expected in [200, 200, 429] {
        assert_eq!(sign_in("X-Forwarded-For", &format!("203.0.113.{expected}")).await, expected);
    }
    let stranger = async |value: &str| {
        Socket::open("a stranger", &server.ws_url("/ws?token=none"), &[("Forwarded", value)]).await
    };
    assert_eq!(
        stranger(ann).await.expect("let in, to be told").event("error").await["code"],
        "session_expired"
    );
    assert!(stranger(ann).await.err().is_some_and(|error| error.contains("429")));
    assert!(stranger(bob).await.is_ok());
}

fn proxy_protocol(settings: Settings) -> Settings {
    behind_a_proxy(settings).set("server.proxy_protocol", true)
}

/// A request for a socket behind a header of the PROXY protocol; what comes back first.
async fn announced(server: &TestServer, header: &[u8]) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    let upgrade = "GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(&[header, upgrade.as_bytes()].concat()).await.expect("a request");
    let mut answer = Vec::new();
    let holds = |answer: &[u8], word: &[u8]| answer.windows(word.len()).any(|part| part == word);
    while !holds(&answer, b"\"type\":\"hello\"") && !holds(&answer, b"too_many_connections") {
        if stream.read_buf(&mut answer).await.unwrap_or(0) == 0 {
            break;
        }
    }
    (stream, String::from_utf8_lossy(&answer).into_owned())
}

#[server_test(proxy_protocol)]
async fn the_proxy_protocol_says_whose_a_connection_is(server: TestServer) {
    let line = |client: &str| format!("PROXY TCP4 {client} 127.0.0.1 4711 443\r\n");
    let (_first, answer) = announced(&server, line(ANN).as_bytes()).await;
    assert!(answer.contains("\"type\":\"hello\""), "{answer}");
    let (_crowded, answer) = announced(&server, line(ANN).as_bytes()).await;
    assert!(answer.contains("too_many_connections"), "{answer}");
    // Version 2: TCP over IPv4, from 203.0.113.2.
    let version_2 = [
        &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"[..],
        &[203, 0, 113, 2, 127, 0, 0, 1, 0x12, 0x67, 0x01, 0xbb],
    ];
    let (_second, answer) = announced(&server, &version_2.concat()).await;
    assert!(answer.contains("\"type\":\"hello\""), "{answer}");
    // A trusted proxy that says nothing is not guessed about.
    assert_eq!(announced(&server, b"").await.1, "");
}
