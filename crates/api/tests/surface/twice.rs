//! `Idempotency-Key`: asking again makes nothing again.

use poem::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Person, Server};

async fn make(person: &Person<'_>, path: &str, key: &str, body: &Value) -> Answer {
    let request = person.request(Method::POST, path).header("Idempotency-Key", key);
    person.server.send(request.content_type("application/json").body(body.to_string())).await
}

fn garden(name: &str) -> Value {
    json!({ "name": name, "kind": "group", "visibility": "public" })
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let first = make(&ann, "/v1/rooms", "key-1", &garden("garden")).await.expect(201);
    let again = make(&ann, "/v1/rooms", "key-1", &garden("garden")).await.expect(201);
    assert_eq!(first, again);
    assert_eq!(ann.get("/v1/rooms").await.expect(200)["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_same_key_with_something_else_is_a_conflict() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    make(&ann, "/v1/rooms", "key-1", &garden("garden")).await.expect(201);
    make(&ann, "/v1/rooms", "key-1", &garden("kitchen")).await.refused(422, "idempotency_conflict");
    make(&ann, "/v1/directs", "key-1", &json!({ "user": bob.id })).await.refused(422, "idempotency_conflict");
    // Another's key is another key.
    make(&bob, "/v1/rooms", "key-1", &garden("kitchen")).await.expect(201);
}

#[tokio::test]
async fn two_at_once_make_one() {
    let server = Server::start().await;
    let ann = server.person("ann").await;
    let garden = garden("garden");
    let (left, right) =
        tokio::join!(make(&ann, "/v1/rooms", "key-1", &garden), make(&ann, "/v1/rooms", "key-1", &garden));
    // The second finds the first's answer, or that it is still under way.
    for answer in [&left, &right] {
        assert!([201, 409].contains(&answer.status.as_u16()), "{}", answer.body);
    }
    assert_eq!(ann.get("/v1/rooms").await.expect(200)["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let server = Server::start().await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.room("garden").await;
    let path = format!("/v1/rooms/{room}/messages");
    let hello = json!({ "content": "hello" });
    make(&bob, &path, "key-1", &hello).await.refused(403, "not_a_member");
    bob.join(&room).await;
    let first = make(&bob, &path, "key-1", &hello).await.expect(201);
    assert_eq!(make(&bob, &path, "key-1", &hello).await.expect(201), first);
}
