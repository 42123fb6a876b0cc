//! What is asked, what comes back, and what is permitted.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::Origin;

/// A request as somebody else wrote it.
#[derive(Clone)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Where to, as text: how it is written matters.
    pub url: String,
    /// Its headers; those that are ours to set are refused.
    pub headers: HeaderMap,
    /// Headers that the house adds, such as a secret under `authorization`. They are not checked, not shown by
    /// `Debug`, and take the place of others of the same name.
    pub house_headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let (headers, house_headers) = (HeaderMap::new(), HeaderMap::new());
        Self { method, url: url.into(), headers, house_headers, body: Bytes::new() }
    }
}

/// What was permitted to who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permit {
    /// Where it may go.
    pub origins: Vec<Origin>,
    /// By which methods.
    pub methods: Vec<Method>,
}

/// How large and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the request's body.
    pub request_bytes: usize,
    /// Bytes of the answer's body; counted as it comes, and cut off at the first byte too many.
    pub response_bytes: usize,
    /// Bytes of the answer's headers, names and values.
    pub header_bytes: usize,
    /// Resolving, connecting, sending and reading, all together.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 256 * 1024,
            response_bytes: 1024 * 1024,
            header_bytes: 16 * 1024,
            timeout: Duration::from_secs(5),
        }
    }
}

/// What came back. A redirect is an answer like others.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, whole, as it came: nothing was decompressed.
    pub body: Bytes,
}
