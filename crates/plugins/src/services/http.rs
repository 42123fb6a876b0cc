//! Requests to the hosts that were agreed to.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use teahouse_outbound::{Error as Failure, Limits, Origin, Permit, Request, Response};
use teahouse_plugin_host::CallContext;
use teahouse_plugin_host::wit::{Error, HttpRequest, HttpResponse};
use teahouse_plugin_package::{CapabilityName, Terms};
use tokio::sync::Semaphore;

use super::House;
use super::answers::{invalid, rate_limited};
use super::charter::{Charter, denied};
use super::quota::{Pace, Shared};

/// Requests of a plugin that may come at once.
const BURST: u32 = 10;
/// At once, on this node.
const AT_ONCE: usize = 4;
/// How long a request may take, if neither its plugin says less, nor an admin otherwise.
const USUAL_TIMEOUT: Duration = Duration::from_secs(5);
/// Headers of a request.
const MAX_HEADERS: usize = 50;

/// What holds a plugin's requests back.
pub(super) struct Gate {
    meter: Shared,
    at_once: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self { meter: Shared::default(), at_once: Semaphore::new(AT_ONCE) }
    }
}

impl House {
    pub(super) async fn send_request(
        &self,
        call: &CallContext,
        request: HttpRequest,
    ) -> Result<HttpResponse, Error> {
        let charter = self.charter.load_full();
        let permit = permit(&charter)?;
        let longest = charter.limits.http_timeout(USUAL_TIMEOUT);
        let timeout = request.timeout.map_or(longest, |ms| Duration::from_millis(ms.into())).min(longest);
        let request = translate(request, &charter)?;
        let per_minute = charter.limits.http_per_minute();
        let pace = Pace::new(per_minute, BURST.min(per_minute));
        self.http.meter.take(call.party, pace, self.now()).map_err(rate_limited)?;
        let Ok(_place) = self.http.at_once.try_acquire() else {
            return Err(rate_limited(Duration::from_millis(200)));
        };
        let usual = Limits::default();
        let response_bytes = charter.limits.http_response_bytes(usual.response_bytes);
        let limits = Limits { timeout, response_bytes, ..usual };
        match self.grounds.outbound.send(request, &permit, &limits).await {
            Ok(response) => Ok(answer(&response)),
            Err(failure) => Err(failed(failure)),
        }
    }
}

fn failed(failure: Failure) -> Error {
    match failure {
        Failure::Refused(refusal) => Error::Denied(refusal.to_string()),
        Failure::TooLarge { limit, .. } => Error::TooLarge(u32::try_from(limit).unwrap_or(u32::MAX)),
        other => Error::Unavailable(other.to_string()),
    }
}

fn permit(charter: &Charter) -> Result<Permit, Error> {
    let Some(Terms::Http { hosts, methods }) = charter.terms.get(&CapabilityName::Http) else {
        return Err(denied(CapabilityName::Http));
    };
    // A pattern's text is an origin's: the two crates know nothing of each other.
    let origins = hosts.iter().filter_map(|host| host.to_string().parse::<Origin>().ok()).collect();
    let methods =
        methods.iter().filter_map(|method| Method::from_bytes(method.as_str().as_bytes()).ok()).collect();
    Ok(Permit { origins, methods })
}

fn translate(request: HttpRequest, charter: &Charter) -> Result<Request, Error> {
    if request.headers.len() > MAX_HEADERS {
        return Err(invalid("too many headers"));
    }
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| invalid("no such method"))?;
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("no such header"))?;
        let value = HeaderValue::from_str(value).map_err(|_| invalid("no such header"))?;
        headers.append(name, value);
    }
    let house_headers = match &request.secret {
        Some(secret) => authorization(secret, charter)?,
        None => HeaderMap::new(),
    };
    Ok(Request {
        headers,
        house_headers,
        body: Bytes::from(request.body),
        ..Request::new(method, request.url)
    })
}

/// The secret, in the one header that carries it. The plugin knows only its name.
fn authorization(secret: &str, charter: &Charter) -> Result<HeaderMap, Error> {
    let value = charter.secrets.get(secret).ok_or_else(|| invalid("that secret was not entered"))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", value.as_str()))
        .map_err(|_| invalid("that secret can't stand in a header"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]))
}

fn answer(response: &Response) -> HttpResponse {
    let headers = response.headers.iter().filter_map(|(name, value)| {
        // What is no text can't be told.
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    HttpResponse {
        status: response.status.as_u16(),
        headers: headers.collect(),
        body: response.body.to_vec(),
    }
}
