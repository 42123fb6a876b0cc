//! Calls to the hosts that the manifest names. Capability `http`; never inside a filter's or gate's hook.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{millis, raw};
use crate::Error;
use crate::bindings::host::http as wire;

/// A request that is not sent yet.
#[derive(Clone, Debug)]
pub struct Request(wire::Request);

/// What came back, whatever its status. Redirects are not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// In the order in which they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// At most 1 MiB, unless the admin says otherwise.
    pub body: Vec<u8>,
}

impl Request {
    /// Of any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self(wire::Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            secret: None,
        })
    }

    /// A GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A POST of JSON.
    ///
    /// # Errors
    /// [`Error::Invalid`] where `body` can't be JSON.
    pub fn post_json<T: Serialize>(url: impl Into<String>, body: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(body).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(Self::new("POST", url).header("content-type", "application/json").body(bytes))
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.push((name.into(), value.into()));
        self
    }

    /// The bytes to send, at most 256 KiB.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = body.into();
        self
    }

    /// Wait less long than the limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = Some(millis(timeout));
        self
    }

    /// The host sends this secret setting as `Authorization: Bearer …`.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>) -> Self {
        self.0.secret = Some(name.into());
        self
    }

    /// Sends it and waits.
    ///
    /// # Errors
    /// [`Error::Denied`] for a host or method that is not granted, and for an address inside the operator's network;
    /// [`Error::Unavailable`] where nothing came back in time.
    pub fn send(&self) -> Result<Response, Error> {
        let response = raw::http::send(&self.0)?;
        Ok(Response { status: response.status, headers: response.headers, body: response.body })
    }
}

impl Response {
    /// The body, from JSON.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where it is none of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::Unreadable(error.to_string()))
    }
}
