//! An HTTP answer, and what tests ask of it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and text.
#[derive(Debug)]
pub struct Answer {
    asked: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Sends `request`, and reads the answer whole.
    ///
    /// # Panics
    /// When there is none.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        Self::attempt(request).await.expect("an HTTP answer")
    }

    /// As [`of`](Self::of), where the server may be away.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn attempt(request: reqwest::RequestBuilder) -> Result<Self, reqwest::Error> {
        let (client, request) = request.build_split();
        let request = request?;
        let asked = format!("{} {}", request.method(), request.url());
        let response = client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { asked, status, headers, text: response.text().await? })
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in the answer to {self}"))
    }

    /// The JSON of an answer with this status.
    ///
    /// # Panics
    /// When the status is another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem document of a refusal with this status and this `code`.
    ///
    /// # Panics
    /// When it is another answer, or not in the form of RFC 9457.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type").split(';').next(), Some("application/problem+json"), "{self}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self}");
        assert_eq!(problem["status"], status, "{self}");
        for field in ["type", "title", "detail", "request_id"] {
            assert!(problem[field].is_string(), "no {field} in {self}");
        }
        problem
    }

    /// A header as text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text.chars().take(2000).collect();
        write!(f, "{}: {} {}\n{text}", self.asked, self.status, self.header("content-type"))
    }
}
