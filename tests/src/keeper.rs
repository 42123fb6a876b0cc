//! Who administers the server by a key, as an operator's program does.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::Answer;
use crate::server::Address;

/// A program with a key that administers.
#[derive(Clone)]
pub struct Keeper {
    key: String,
    address: Address,
    http: reqwest::Client,
}

impl Keeper {
    pub(crate) fn of(key: &str, address: Address, http: reqwest::Client) -> Self {
        Self { key: key.into(), address, http }
    }

    /// A request to a path below `/v1/admin`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}/v1/admin{path}", self.address.get());
        self.http.request(method, url).header("X-Api-Key", &self.key)
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    /// `POST` without a body.
    pub async fn act(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::POST, path)).await
    }

    /// `POST` of a file.
    pub async fn upload(&self, path: &str, file: Vec<u8>) -> Answer {
        let request = self.request(Method::POST, path).header("Content-Type", "application/octet-stream");
        Answer::of(request.body(file)).await
    }

    /// `PUT` with JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }
}
