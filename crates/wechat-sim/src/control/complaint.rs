//! A control call that can't be done, and the reading of its body.

use poem::FromRequest;
use poem::{IntoResponse, Request, RequestBody, Response, error::ResponseError, http::StatusCode, web::Json};
use serde::de::DeserializeOwned;
use serde_json::json;

/// The largest body of a control call.
const BODY_BYTES: usize = 1024 * 1024;

/// What is wrong with a control call: the tester's mistake, told in words.
#[derive(Debug)]
pub(crate) struct Complaint {
    status: StatusCode,
    text: String,
}

impl Complaint {
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: text.into() }
    }

    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, text: text.into() }
    }
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for Complaint {}

impl ResponseError for Complaint {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        Json(json!({ "error": self.text })).with_status(self.status).into_response()
    }
}

/// The body of a control call. None at all is an empty object, and its content type is not asked for: these calls are
/// typed by hand.
pub(crate) struct Told<T>(pub(crate) T);

impl<'a, T: DeserializeOwned> FromRequest<'a> for Told<T> {
    async fn from_request(_: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(BODY_BYTES).await?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        Ok(Self(serde_json::from_slice(text).map_err(|error| Complaint::bad(error.to_string()))?))
    }
}
