//! Somebody who is signed in: the REST half, and the door to the socket half.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::server::Address;
use crate::{Answer, Socket};

/// A user with a session.
#[derive(Clone)]
pub struct Person {
    /// The name that the test gave.
    pub name: String,
    /// The user's id.
    pub id: String,
    /// The session's secret.
    pub token: String,
    pub(crate) address: Address,
    pub(crate) http: reqwest::Client,
}

impl Person {
    pub(crate) fn of(session: &Value, name: &str, address: Address, http: reqwest::Client) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let person = Self {
            name: name.into(),
            id: text(&session["user"]["id"]),
            token: text(&session["token"]),
            address,
            http,
        };
        assert!(!person.id.is_empty() && !person.token.is_empty(), "no session: {session}");
        person
    }

    /// Connects to `/ws`, and reads the `hello`.
    pub async fn connect(&self) -> Socket {
        self.connect_to(self.address.get()).await
    }

    /// As [`connect`](Self::connect), by way of another address, such as a proxy's.
    pub async fn connect_to(&self, address: SocketAddr) -> Socket {
        Socket::connect(&self.name, &format!("ws://{address}/ws?token={}", self.token), &[])
            .await
            .unwrap_or_else(|error| panic!("{} does not get in: {error}", self.name))
    }

    /// As [`connect_to`](Self::connect_to), where the server may be away.
    ///
    /// # Errors
    /// What went wrong, as text.
    pub async fn try_connect(&self) -> Result<Socket, String> {
        Socket::connect(&self.name, &format!("ws://{}/ws?token={}", self.address.get(), self.token), &[])
            .await
    }

    /// A request with the session's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address.get())).bearer_auth(&self.token)
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    /// `PUT` with JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    /// `PATCH` with JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// Makes a group that anybody may join; returns its id.
    pub async fn public_room(&self, name: &str) -> String {
        self.room(name, "group", "public").await
    }

    /// Makes a room; returns its id.
    pub async fn room(&self, name: &str, kind: &str, visibility: &str) -> String {
        let body = json!({ "name": name, "kind": kind, "visibility": visibility });
        let room = self.post("/v1/rooms", body).await.expect(201);
        room["id"].as_str().expect("the room's id").to_owned()
    }

    /// Becomes a member.
    pub async fn join(&self, room: &str) {
        self.post(&format!("/v1/rooms/{room}/join"), json!({})).await.expect(200);
    }

    /// Invites somebody, who accepts.
    pub async fn bring(&self, room: &str, other: &Self) {
        self.put(&format!("/v1/rooms/{room}/members/{}", other.id), json!({})).await.expect(202);
        other.accept(room).await;
    }

    /// Accepts an invitation into a room.
    pub async fn accept(&self, room: &str) {
        self.post(&format!("/v1/invitations/{room}/accept"), json!({})).await.expect(200);
    }

    /// What this person is invited into: room and inviter, by id.
    pub async fn invitations(&self) -> Vec<(String, String)> {
        let page = self.get("/v1/invitations").await.expect(200);
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let items = page["items"].as_array().expect("items");
        items.iter().map(|one| (text(&one["room"]["id"]), text(&one["invited_by"]["id"]))).collect()
    }

    /// Says something over REST; returns the message.
    pub async fn say(&self, room: &str, content: &str) -> Value {
        self.post(&format!("/v1/rooms/{room}/messages"), json!({ "content": content })).await.expect(201)
    }

    /// All messages of a room, oldest first, page by page.
    pub async fn history(&self, room: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map_or(0, |message| message["seq"].as_u64().expect("a seq"));
            let page =
                self.get(&format!("/v1/rooms/{room}/messages?after={after}&limit=200")).await.expect(200);
            let items = page["items"].as_array().expect("items").clone();
            if items.is_empty() {
                return all;
            }
            all.extend(items);
        }
    }
}
