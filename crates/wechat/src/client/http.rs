//! One request to WeChat, repeated where that is safe, and its answer as a value or a typed refusal.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, Response, Url, redirect};
use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    client::environment::Jitter,
    config::ApiBase,
    errcode::Errcode,
    error::{BuildError, Call, Error, Sent},
};

/// How often a request is made at most; a sign-in that needs more has a person waiting too long.
const ATTEMPTS: u32 = 3;
/// The longest pause before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Idle connections are closed before WeChat's side does it: a request that meets a closing connection is lost, and a
/// login code with it.
const IDLE_TIME: Duration = Duration::from_secs(20);
/// The largest answer that is read. WeChat's are below 2 KiB.
const ANSWER_BYTES: usize = 64 * 1024;
/// How much of WeChat's text is kept.
const MESSAGE_CHARACTERS: usize = 200;

/// The connections to WeChat.
pub(super) struct Http {
    client: reqwest::Client,
    base: ApiBase,
    jitter: Arc<dyn Jitter>,
}

/// A request that can be made several times. It holds secrets, so it has no `Debug`.
pub(super) struct Request {
    call: Call,
    method: Method,
    query: Vec<(&'static str, Zeroizing<String>)>,
    body: Option<Zeroizing<Vec<u8>>>,
}

/// What every answer may have beside its fields.
#[derive(Deserialize)]
struct Verdict {
    #[serde(default)]
    errcode: Option<Number>,
    #[serde(default)]
    errmsg: Option<String>,
}

/// `errcode` is a number, but one sample of WeChat's own shows a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(i64),
    Text(String),
}

impl Request {
    pub(super) fn get(call: Call, query: &[(&'static str, &str)]) -> Self {
        Self { call, method: Method::GET, query: owned(query), body: None }
    }

    pub(super) fn post(call: Call, query: &[(&'static str, &str)], body: &serde_json::Value) -> Self {
        // serde_json writes UTF-8, not `\u` escapes, as WeChat wants it.
        let body = Zeroizing::new(body.to_string().into_bytes());
        Self { call, method: Method::POST, query: owned(query), body: Some(body) }
    }
}

impl Http {
    pub(super) fn new(
        base: &ApiBase,
        timeout: Duration,
        jitter: Arc<dyn Jitter>,
    ) -> Result<Self, BuildError> {
        // Without a provider reqwest panics. The first one of the process stays, so whoever chose before is respected.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder();
        // The system's root certificates may be missing, which the simulator's plain address must not care about.
        let builder = if base.is_encrypted() { builder } else { builder.tls_certs_only([]) };
        let client = builder
            // The query holds the secret: it goes nowhere but to the configured host.
            .redirect(redirect::Policy::none())
            .referer(false)
            // An address that swallows packets leaves time for another attempt.
            .connect_timeout(timeout / 2)
            .pool_idle_timeout(IDLE_TIME)
            .build()
            .map_err(BuildError)?;
        Ok(Self { client, base: base.clone(), jitter })
    }

    /// Makes the request and reads its answer, again after a pause where that is safe.
    pub(super) async fn send<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            let error = match self.attempt(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) if attempt == ATTEMPTS || !may_repeat(&error) => return Err(error),
                Err(error) => error,
            };
            tracing::debug!(call = %request.call, attempt, reason = %error, "WeChat call failed, to be repeated");
            tokio::time::sleep(self.jitter.up_to(FIRST_PAUSE * 2_u32.pow(attempt - 1))).await;
            attempt += 1;
        }
    }

    async fn attempt<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        let url = format!("{}{}", self.base.as_str(), request.call.path());
        let mut url = Url::parse(&url).map_err(|_| nonsense(request.call, 0, "the address is none"))?;
        url.query_pairs_mut().extend_pairs(request.query.iter().map(|(name, value)| (*name, value.as_str())));
        let mut call = self.client.request(request.method.clone(), url);
        if let Some(body) = &request.body {
            call = call.header("content-type", "application/json").body(body.to_vec());
        }
        let response = call.send().await.map_err(|error| unreachable(request.call, error))?;
        let status = response.status().as_u16();
        let body = read(request.call, response).await?;
        understand(request.call, status, &body)
    }
}

/// Whether the request may be made again: it was not processed, or processing it twice does no harm.
fn may_repeat(error: &Error) -> bool {
    match error {
        Error::Refused { code, .. } => *code == Errcode::SystemBusy,
        Error::Unreachable { sent: Sent::No, .. } => true,
        Error::Unreachable { call, sent: Sent::Maybe, .. } => call.is_repeatable(),
        Error::Nonsense { call, status, .. } => call.is_repeatable() && *status >= 500,
        Error::TimedOut { .. } => false,
    }
}

/// Reads the body up to the limit. The headers say nothing: WeChat has sent JSON as `text/plain`.
async fn read(call: Call, mut response: Response) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(call, error))? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(nonsense(call, response.status().as_u16(), "it is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Tells a refusal from an answer. WeChat refuses with HTTP 200, so the status decides nothing.
fn understand<T: DeserializeOwned>(call: Call, status: u16, body: &[u8]) -> Result<T, Error> {
    let verdict: Verdict =
        serde_json::from_slice(body).map_err(|_| nonsense(call, status, "it is not a JSON object"))?;
    let errcode = match verdict.errcode {
        None => 0,
        Some(Number::Number(number)) => number,
        Some(Number::Text(text)) => {
            text.trim().parse().map_err(|_| nonsense(call, status, "its errcode is no number"))?
        }
    };
    if errcode != 0 {
        let message = verdict.errmsg.unwrap_or_default().chars().take(MESSAGE_CHARACTERS).collect();
        return Err(Error::Refused { call, code: Errcode::from(errcode), message });
    }
    serde_json::from_slice(body).map_err(|_| nonsense(call, status, "a field is missing or malformed"))
}

fn owned(query: &[(&'static str, &str)]) -> Vec<(&'static str, Zeroizing<String>)> {
    query.iter().map(|(name, value)| (*name, Zeroizing::new((*value).to_owned()))).collect()
}

fn nonsense(call: Call, status: u16, reason: &'static str) -> Error {
    Error::Nonsense { call, status, reason }
}

/// The URL is taken out of the error: its query has the secret or the token.
fn unreachable(call: Call, error: reqwest::Error) -> Error {
    let sent = if error.is_connect() { Sent::No } else { Sent::Maybe };
    Error::Unreachable { call, sent, source: Arc::new(error.without_url()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Tea {
        cups: u32,
    }

    fn understood(body: &str) -> Result<Tea, Error> {
        understand(Call::CodeToSession, 200, body.as_bytes())
    }

    #[test]
    fn an_absent_or_zero_errcode_is_success() {
        for body in
            [r#"{"cups":2}"#, r#"{"errcode":0,"errmsg":"ok","cups":2}"#, r#"{"errcode":"0","cups":2}"#]
        {
            assert_eq!(understood(body).unwrap(), Tea { cups: 2 }, "{body}");
        }
    }

    #[test]
    fn an_errcode_is_a_refusal_as_number_and_as_text() {
        for body in [r#"{"errcode":40029,"errmsg":"invalid code rid: 1-2-3"}"#, r#"{"errcode":"40029"}"#] {
            assert_eq!(understood(body).unwrap_err().errcode(), Some(Errcode::InvalidCode), "{body}");
        }
    }

    #[test]
    fn everything_else_is_nonsense() {
        for body in
            ["", "<html>", "[]", "7", r#"{"errcode":"x"}"#, r#"{"errcode":{}}"#, r#"{"cups":"two"}"#, "{}"]
        {
            assert!(matches!(understood(body), Err(Error::Nonsense { .. })), "{body}");
        }
    }

    #[test]
    fn a_long_refusal_is_cut() {
        let body = format!(r#"{{"errcode":1,"errmsg":"{}"}}"#, "茶".repeat(500));
        let Err(Error::Refused { message, .. }) = understood(&body) else { panic!("no refusal") };
        assert_eq!(message.chars().count(), MESSAGE_CHARACTERS);
    }
}
