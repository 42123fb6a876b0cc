//! The business that runs the server: its API key, and the users that it vouches for.

use serde_json::json;

use crate::{Answer, Person, TestServer};

const API_KEY: &str = "X-Api-Key";

impl TestServer {
    /// An API key, made as an operator makes one.
    ///
    /// # Panics
    /// When the command fails.
    pub async fn api_key(&self, name: &str) -> String {
        let made = self.command(&["token", "key", name]).await;
        assert_eq!(made.code, 0, "{made:?}");
        secret_in(&made.printed)
    }

    /// What the server answers to who asks for a session with `key`.
    pub async fn ask_for_token(&self, key: &str, body: &serde_json::Value) -> Answer {
        let request = self.http().post(self.url("/v1/auth/tokens")).header(API_KEY, key).json(body);
        Answer::of(request).await
    }

    /// A user whom the business vouches for.
    pub async fn minted(&self, key: &str, name: &str) -> Person {
        let body = json!({ "external_id": name, "name": name });
        let session = self.ask_for_token(key, &body).await.expect(200);
        self.person_of(&session, name)
    }
}

/// The word in a command's output that looks like a secret: long, and safe in a URL.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn secret_in(printed: &str) -> String {
    let words = printed.split(|sign: char| !(sign.is_ascii_alphanumeric() || "-_".contains(sign)));
    words.max_by_key(|word| word.len()).filter(|word| word.len() >= 40).expect("a secret").to_owned()
}
