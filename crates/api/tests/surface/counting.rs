//! Whoever asks is known and counted before anything of theirs is read; and there is a bound for those who are not known.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::{join_all, select_all};
use poem::http::{Method, uri::Scheme};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Request, RequestParts};
use serde_json::json;
use teahouse_accounts::KeyScope;
use teahouse_api::ApiLimits;

use crate::kit::{Answer, NO_LIMITS, Server, operations, request};
use crate::parameters::{concrete, method};

/// More than any limit of these tests lets pass, were each answered seconds after the other.
const MANY: usize = 12;

/// A body that never comes.
fn never() -> Body {
    Body::from_bytes_stream(futures_util::stream::pending::<std::io::Result<Vec<u8>>>())
}

/// The answer to a request whose body never comes.
async fn answered_without_body(server: &Server, request: Request) -> Answer {
    let answer = tokio::time::timeout(Duration::from_secs(30), server.send(request));
    answer.await.expect("an answer without a body")
}

/// The first answer to many requests whose bodies never come: those that are let in have none.
async fn first_answer(server: &Server, ask: impl Fn() -> Request) -> Answer {
    let asked = (0..MANY).map(|_| Box::pin(answered_without_body(server, ask())));
    select_all(asked).await.0
}

/// A request of somebody at `address`.
fn from(address: &str, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request {
    let builder = poem::http::Request::builder().method(method).uri(path);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    let address: SocketAddr = format!("{address}:5000").parse().unwrap();
    let parts = (parts, LocalAddr::default(), RemoteAddr(address.into()), Scheme::HTTP);
    Request::from_parts(RequestParts::from(parts), body)
}

#[tokio::test]
async fn every_operation_knows_who_asks_before_it_reads_what_they_send() {
    let server = Server::start().await;
    for (path, verb, operation) in operations() {
        if !operation["security"].is_array() {
            continue;
        }
        let kind = operation["requestBody"]["content"].as_object().and_then(|content| content.keys().next());
        let kind = kind.map_or("application/json", String::as_str);
        let sent = request(method(verb), &concrete(path)).header("content-type", kind).body(never());
        let answer = answered_without_body(&server, sent).await;
        assert_eq!(answer.status.as_u16(), 401, "{verb} {path}: {}", answer.body);
        // A key that is wrong, or for something else, opens nothing either.
        let key = server
            .key("other", if path.ends_with("tokens") { KeyScope::Admin } else { KeyScope::Users })
            .await;
        for (key, expected) in [("wrong", 401), (key.as_str(), 403)] {
            if operation["security"][0].get("session").is_none() {
                let sent = request(method(verb), &concrete(path)).header("x-api-key", key);
                let answer =
                    answered_without_body(&server, sent.header("content-type", kind).body(never())).await;
                assert_eq!(answer.status.as_u16(), expected, "{verb} {path}: {}", answer.body);
            }
        }
    }
}

/// A request's name in the test, its method, path and headers.
type Asked = (&'static str, Method, &'static str, Vec<(&'static str, &'static str)>);

/// Each of these is asked by somebody who shows nothing, or nothing that is good.
#[tokio::test]
async fn strangers_are_counted_by_address_wherever_they_ask() {
    let json = ("content-type", "application/json");
    let asked: [Asked; 10] = [
        ("no session", Method::GET, "/v1/me", vec![]),
        ("a forged session", Method::GET, "/v1/me", vec![("authorization", "Bearer forged")]),
        ("a forged wafer session", Method::GET, "/v1/me", vec![("x-wx-skey", "forged")]),
        ("a forged key", Method::GET, "/v1/admin/plugins", vec![("x-api-key", "forged")]),
        ("a forged business key", Method::POST, "/v1/auth/tokens", vec![("x-api-key", "forged"), json]),
        ("a guest", Method::POST, "/v1/auth/guest", vec![json]),
        ("a sign-in", Method::POST, "/v1/auth/wechat", vec![json]),
        ("a wafer sign-in", Method::GET, "/wafer/login", vec![("x-wx-code", "x")]),
        ("a wafer call", Method::GET, "/wafer/user", vec![("x-wx-skey", "forged")]),
        ("the tutorial's history", Method::GET, "/api/historyMessages?token=forged", vec![]),
    ];
    for (what, method, path, headers) in asked {
        let server = Server::with_strangers(NO_LIMITS, false, 2).await;
        let ask = |address: &str| from(address, method.clone(), path, &headers, Body::from("{}"));
        let is_refused = |answer: &Answer| {
            let answer = answer.json();
            // The tutorials' endpoints say it in their own words.
            [&answer["code"], &answer["error"], &answer["reason"]].contains(&&json!("rate_limited"))
        };
        // At once, because each second brings the address two more.
        let answers = join_all((0..MANY).map(|_| server.send(ask("192.0.2.1")))).await;
        let refused = answers.iter().filter(|answer| is_refused(answer)).count();
        assert!((1..=MANY - 2).contains(&refused), "{what}: {refused} are refused");
        assert!(!is_refused(&server.send(ask("192.0.2.2")).await), "{what} from elsewhere");
    }
}

#[tokio::test]
async fn a_stranger_too_many_is_refused_before_what_they_send_is_read() {
    let server = Server::with_strangers(NO_LIMITS, true, 1).await;
    let json = [("content-type", "application/json")];
    for path in ["/v1/auth/guest", "/v1/auth/wechat"] {
        first_answer(&server, || from("192.0.2.1", Method::POST, path, &json, never()))
            .await
            .refused(429, "rate_limited");
    }
    let history = || from("192.0.2.1", Method::POST, "/api/historyMessages", &json, never());
    assert_eq!(first_answer(&server, history).await.json()["error"], "rate_limited");
}

/// Others behind the same address are not shut out by somebody who guesses.
#[tokio::test]
async fn who_has_a_session_is_no_stranger() {
    let server = Server::with_strangers(NO_LIMITS, true, 2).await;
    let ann = server.person("ann").await;
    let bearer = format!("Bearer {}", ann.token);
    let forged = [("authorization", "Bearer forged")];
    for _ in 0..5 {
        server.send(from("192.0.2.1", Method::GET, "/v1/me", &forged, Body::empty())).await;
    }
    let good = from("192.0.2.1", Method::GET, "/v1/me", &[("authorization", &bearer)], Body::empty());
    server.send(good).await.expect(200);
}

/// `/api/historyMessages` and the wafer SDKs' calls count like all others of the user.
#[tokio::test]
async fn the_tutorials_calls_count_against_the_users_limit() {
    for path in ["/api/historyMessages", "/wafer/user"] {
        let server = Server::with(ApiLimits { requests_per_second: 2, ..NO_LIMITS }, true).await;
        let ann = server.person("ann").await;
        let ask = || ann.request(Method::GET, path).header("x-wx-skey", &ann.token).finish();
        let answers = join_all((0..MANY).map(|_| server.send(ask()))).await;
        let answers: Vec<_> = answers.iter().map(Answer::json).collect();
        let refused = answers.iter().filter(|it| it["code"] == 1 && it["error"] == "rate_limited").count();
        assert!((1..=MANY - 2).contains(&refused), "{path}: {refused} are refused");
        assert!(answers.iter().all(|it| it["code"] == 0 || it["error"] == "rate_limited"), "{answers:?}");
    }
}

#[tokio::test]
async fn requests_of_a_user_that_are_under_way_have_a_bound() {
    let server = Server::with(ApiLimits { requests_at_once: 1, ..NO_LIMITS }, true).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let (started, start) = tokio::sync::oneshot::channel();
    let body = futures_util::stream::once(async move {
        let _ = started.send(());
        std::future::pending::<std::io::Result<Vec<u8>>>().await
    });
    let slow = ann.request(Method::POST, "/v1/rooms").content_type("application/json");
    let slow = server.send(slow.body(Body::from_bytes_stream(body)));
    let others = async {
        start.await.unwrap();
        let refused = ann.get("/v1/me").await;
        refused.refused(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), "1");
        bob.get("/v1/me").await.expect(200);
    };
    tokio::select! {
        _ = slow => panic!("its body never comes"),
        () = others => {}
    }
    ann.get("/v1/me").await.expect(200);
}

/// What the gateway makes of a body that comes too slowly.
#[tokio::test]
async fn a_body_that_comes_too_slowly_is_told_so() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let slow = || {
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, "too slow");
        Body::from_bytes_stream(futures_util::stream::iter([Err::<Vec<u8>, _>(error)]))
    };
    let room = ann.request(Method::POST, "/v1/rooms").content_type("application/json").body(slow());
    server.send(room).await.refused(408, "request_timeout");
    let me = ann.request(Method::PATCH, "/v1/me").content_type("application/json").body(slow());
    server.send(me).await.refused(408, "request_timeout");
    let history = ann.request(Method::POST, "/api/historyMessages").body(slow());
    assert_eq!(server.send(history).await.expect(200)["error"], "request_timeout");
}
