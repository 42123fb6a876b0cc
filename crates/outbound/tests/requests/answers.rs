//! What comes back, and where it is cut.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use http::{HeaderValue, Method, StatusCode};
use teahouse_outbound::{Allow, Error, Limits, Outbound, Request, Response};
use tokio::io::AsyncWriteExt as _;

use crate::house::{Listener, Names, get, permit};

/// Sends by a name that leads to `listener`, with small limits.
async fn ask(listener: &Listener, request: impl FnOnce(&mut Request)) -> Result<Response, Error> {
    let house = Outbound::new(Allow::loopback(), Names::new(&[&["127.0.0.1"]])).unwrap();
    let origin = format!("http://api.example.org:{}", listener.port());
    let mut asked = Request::new(Method::GET, format!("{origin}/path?query#fragment"));
    request(&mut asked);
    let limits = Limits {
        request_bytes: 100,
        response_bytes: 1000,
        header_bytes: 500,
        timeout: Duration::from_millis(300),
    };
    house.send(asked, &permit(&origin), &limits).await
}

#[tokio::test]
async fn a_request_arrives_and_its_answer_comes_back() {
    let listener = Listener::start().await;
    let served = listener.answer(b"HTTP/1.1 201 Created\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello");
    let sent = ask(&listener, |request| {
        request.headers.insert("x-mine", HeaderValue::from_static("1"));
        request.house_headers.insert("authorization", HeaderValue::from_static("Bearer secret"));
        request.house_headers.insert("x-mine", HeaderValue::from_static("2"));
        assert!(!format!("{request:?}").contains("secret"));
    });
    let (answer, head) = tokio::join!(sent, served);
    let answer = answer.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::CREATED, &b"hello"[..]));
    assert_eq!(answer.headers["x-a"], "b");
    let head = head.to_lowercase();
    assert!(head.starts_with("get /path?query http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: api.example.org:{}\r\n", listener.port())), "{head}");
    assert!(head.contains("authorization: bearer secret\r\n"), "{head}");
    assert!(head.contains("x-mine: 2\r\n") && !head.contains("x-mine: 1\r\n"), "{head}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_follows_it() {
    let (listener, elsewhere) = (Listener::start().await, Listener::start().await);
    let head = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n",
        elsewhere.port()
    );
    let (answer, _) = tokio::join!(ask(&listener, |_| ()), listener.answer(head.as_bytes()));
    let answer = answer.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert!(answer.headers.contains_key("location"));
    elsewhere.saw_nobody().await;
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_not_a_byte_more() {
    for (bytes, fits) in [(1000, true), (1001, false)] {
        let listener = Listener::start().await;
        let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n{}", "x".repeat(bytes));
        let (answer, _) = tokio::join!(ask(&listener, |_| ()), listener.answer(announced.as_bytes()));
        assert_eq!(answer.is_ok(), fits, "{bytes}: {answer:?}");

        let unannounced = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(bytes));
        let (answer, _) = tokio::join!(ask(&listener, |_| ()), listener.answer(unannounced.as_bytes()));
        assert_eq!(answer.is_ok(), fits, "{bytes}: {answer:?}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut() {
    let listener = Listener::start().await;
    let endless = async {
        let (mut stream, _) = listener.head().await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        let chunk = format!("64\r\n{}\r\n", "x".repeat(100));
        // Ends when the other side has hung up.
        while stream.write_all(chunk.as_bytes()).await.is_ok() {}
    };
    let (answer, ()) = tokio::join!(ask(&listener, |_| ()), endless);
    assert!(matches!(answer, Err(Error::TooLarge { limit: 1000, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_slow_body_is_cut_at_the_time_for_all_of_it() {
    let listener = Listener::start().await;
    let slow = async {
        let (mut stream, _) = listener.head().await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while stream.write_all(b"x").await.is_ok() {
            tick.tick().await;
        }
    };
    let start = Instant::now();
    let answer = tokio::select! {
        answer = ask(&listener, |_| ()) => answer,
        () = slow => panic!("the other side hung up by itself"),
    };
    assert!(matches!(answer, Err(Error::TimedOut { .. })), "{answer:?}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

/// The limits of who names none, which `docs/plugins/limits.md` promises.
#[test]
fn the_limits_are_those_that_authors_are_told() {
    let limits = Limits::default();
    assert_eq!((limits.request_bytes, limits.response_bytes), (256 * 1024, 1024 * 1024));
    assert_eq!(limits.timeout, Duration::from_secs(5));
}

#[tokio::test]
async fn headers_of_an_answer_have_their_limit() {
    let long = format!("x-a: {}\r\n", "a".repeat(500));
    let many: String = (0..65).map(|n| format!("x-{n}: a\r\n")).collect();
    for headers in [long, many] {
        let listener = Listener::start().await;
        let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n");
        let (answer, _) = tokio::join!(ask(&listener, |_| ()), listener.answer(head.as_bytes()));
        assert!(answer.is_err(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_there_is_unreachable() {
    let port = Listener::start().await.port();
    let origin = format!("http://api.example.org:{port}");
    let closed = get(Allow::loopback(), Names::new(&[&["127.0.0.1"]]), &origin, &origin).await;
    assert!(matches!(closed, Err(Error::Unreachable(_))), "{closed:?}");
    let nowhere = get(Allow::loopback(), Names::new(&[&[]]), &origin, &origin).await;
    assert!(matches!(nowhere, Err(Error::Unreachable(_))), "{nowhere:?}");
}

/// Said to the child of the test below: where it shall ask.
const ORIGIN: &str = "TEAHOUSE_TEST_ORIGIN";

/// The environment can't be changed within a process that has threads: the test runs itself again with another one.
#[tokio::test]
async fn a_proxy_in_the_environment_is_not_used() {
    if let Ok(origin) = std::env::var(ORIGIN) {
        let answer = get(Allow::loopback(), Names::new(&[]), &origin, &origin).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        return;
    }
    let (listener, proxy) = (Listener::start().await, Listener::start().await);
    let proxy_url = format!("http://127.0.0.1:{}", proxy.port());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "answers::a_proxy_in_the_environment_is_not_used"])
        .env(ORIGIN, format!("http://127.0.0.1:{}", listener.port()))
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, proxy_url.as_str())))
        .spawn()
        .unwrap();
    listener.answer(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert!(child.wait().unwrap().success());
    proxy.saw_nobody().await;
}
