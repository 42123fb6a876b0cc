//! Checks a request, sends it, and reads the answer as far as it is allowed.

use std::{error::Error as StdError, net::IpAddr, net::SocketAddr, sync::Arc};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use reqwest::dns::{Addrs, Name, Resolving as Connecting};
use url::{Host, Url};

use crate::{Allow, Error, Limits, Permit, Refusal, Request, Resolve, Response};

/// Bytes of a URL at most.
const URL_BYTES: usize = 8 * 1024;
/// Headers of a request and of an answer at most.
const HEADERS: usize = 64;

/// Idle connections kept for each host.
const IDLE_CONNECTIONS: usize = 4;

/// Headers that only the house sets: those of the connection (RFC 9110 §7.6.1), those that say who asks, and those
/// that the transport writes itself. `proxy-` and `sec-` are refused with all that follows.
const HOUSE_HEADERS: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
];
const HOUSE_PREFIXES: &[&str] = &["proxy-", "sec-", "x-forwarded-"];

/// Sends requests out of the house. Connections are kept and shared; cookies, caches and redirects there are none.
pub struct Outbound {
    client: reqwest::Client,
    allow: Arc<Allow>,
}

impl Outbound {
    /// A sender that resolves names by `names`, and allows nothing beyond `allow`.
    ///
    /// # Errors
    /// [`Error::Client`] when the transport can't be made at all.
    pub fn new(allow: Allow, names: Arc<dyn Resolve>) -> Result<Self, Error> {
        // Fails when one is installed, by us or by somebody else: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let allow = Arc::new(allow);
        let checked = Arc::new(Checked { names, allow: Arc::clone(&allow) });
        let builder = || {
            reqwest::Client::builder()
                .dns_resolver(Arc::clone(&checked))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                .http1_only()
                .http1_max_headers(HEADERS)
                // A body is counted as it comes: unpacked, a small one could become any size. This crate turns no
                // such feature on, and another's doing so changes nothing.
                .no_gzip()
                .no_brotli()
                .no_zstd()
                .no_deflate()
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
        };
        // A machine without root certificates starts all the same: its encrypted connections fail, each by itself.
        let client = builder().build().or_else(|error| {
            tracing::warn!(
                error = &error as &dyn StdError,
                "no trusted certificates: https to others will fail"
            );
            builder().tls_certs_only([]).build().map_err(Error::Client)
        })?;
        Ok(Self { client, allow })
    }

    /// Sends `request` if `permit` has it, and reads the answer within `limits`.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything leaves the house; the others when the answer is too large, too late or none.
    pub async fn send(&self, request: Request, permit: &Permit, limits: &Limits) -> Result<Response, Error> {
        let url = self.check(&request, permit, limits)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let exchange = async {
            let answer = self
                .client
                .request(request.method, url)
                .headers(merged(request.headers, request.house_headers));
            let answer = answer.body(request.body).send().await.map_err(|error| told(error, &host))?;
            read(answer, limits, &host).await
        };
        let timed_out = |_| Error::TimedOut { after: limits.timeout };
        tokio::time::timeout(limits.timeout, exchange).await.map_err(timed_out)?
    }

    /// All that can be known before a name is resolved.
    fn check(&self, request: &Request, permit: &Permit, limits: &Limits) -> Result<Url, Error> {
        let url = read_url(&request.url)?;
        let origin = url.origin().ascii_serialization();
        if !permit.origins.iter().any(|permitted| permitted.matches(&url)) {
            return Err(Refusal::Origin(origin).into());
        }
        if url.scheme() != "https" && !self.allow.plain_http {
            return Err(Refusal::Plain.into());
        }
        if !permit.methods.contains(&request.method) {
            return Err(Refusal::Method(request.method.to_string()).into());
        }
        check_headers(&request.headers)?;
        // A name is checked when it is resolved; an address never is.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if literal.is_some_and(|address| !self.allow.reaches(address)) {
            return Err(Refusal::Address(origin).into());
        }
        if request.body.len() > limits.request_bytes {
            return Err(Error::TooLarge { what: "the request", limit: limits.request_bytes });
        }
        Ok(url)
    }
}

/// Reads a URL, and refuses what a parser would silently mend: another one might mend it differently.
fn read_url(text: &str) -> Result<Url, Refusal> {
    if text.len() > URL_BYTES {
        return Err(Refusal::Url("it is too long"));
    }
    if text.contains(|letter: char| letter.is_control() || letter.is_whitespace() || letter == '\\') {
        return Err(Refusal::Url("it has a space, a backslash or a control character"));
    }
    let url = Url::parse(text).map_err(|_| Refusal::Url("it is not a URL"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Refusal::Url("it is neither https nor http"));
    }
    let after_scheme = text.split_once("://").map(|(_, rest)| rest).ok_or(Refusal::Url("it has no //"))?;
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Url("it names a user"));
    }
    let host = url.host_str().ok_or(Refusal::Url("it has no host"))?;
    if host.ends_with('.') {
        return Err(Refusal::Url("its host ends with a dot"));
    }
    let written =
        authority.rsplit_once(':').filter(|_| !authority.ends_with(']')).map_or(authority, |(host, _)| host);
    if matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) && !written.eq_ignore_ascii_case(host) {
        return Err(Refusal::Url("its address is written in an unusual way"));
    }
    if authority.contains('%') {
        return Err(Refusal::Url("its host is percent-encoded"));
    }
    Ok(url)
}

fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.len() > HEADERS {
        return Err(Refusal::Header("one too many".into()));
    }
    let ours = |name: &HeaderName| {
        let name = name.as_str();
        HOUSE_HEADERS.contains(&name) || HOUSE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    match headers.keys().find(|name| ours(name)) {
        Some(name) => Err(Refusal::Header(name.to_string())),
        None => Ok(()),
    }
}

fn merged(mut headers: HeaderMap, house: HeaderMap) -> HeaderMap {
    for name in house.keys() {
        headers.remove(name);
    }
    headers.extend(house);
    headers
}

async fn read(mut answer: reqwest::Response, limits: &Limits, host: &str) -> Result<Response, Error> {
    let headers = std::mem::take(answer.headers_mut());
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > limits.header_bytes {
        return Err(Error::TooLarge { what: "the answer's headers", limit: limits.header_bytes });
    }
    let too_large = || Error::TooLarge { what: "the answer", limit: limits.response_bytes };
    if answer.content_length().is_some_and(|length| length > limits.response_bytes as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| told(error, host))? {
        if body.len() + chunk.len() > limits.response_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status: answer.status(), headers, body: Bytes::from(body) })
}

/// What went wrong on the way: an address that our resolver refused lies deep among the causes.
fn told(error: reqwest::Error, host: &str) -> Error {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(this) = cause {
        if this.is::<Forbidden>() {
            return Refusal::Address(host.to_owned()).into();
        }
        cause = this.source();
    }
    // Without the URL: its path may hold what only who asked may know.
    Error::Unreachable(error.without_url())
}

/// A name led to an address that may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("an address that is not public")]
struct Forbidden;

/// Resolves names for the connector, which connects to what it is given and to nothing else: a second answer that
/// differs from the first has no one to go to.
struct Checked {
    names: Arc<dyn Resolve>,
    allow: Arc<Allow>,
}

impl reqwest::dns::Resolve for Checked {
    fn resolve(&self, name: Name) -> Connecting {
        let resolving = self.names.resolve(name.as_str());
        let allow = Arc::clone(&self.allow);
        Box::pin(async move {
            let addresses = resolving.await?;
            // One bad answer spoils all: a name that leads inside at times is no public name.
            if addresses.iter().any(|address| !allow.reaches(*address)) {
                return Err(Forbidden.into());
            }
            // The port is the URL's.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
