//! The HTTP part of a connection: requests until it ends or becomes a socket.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::HeaderValue;
use poem::http::uri::Scheme;
use poem::http::{Request, Response, StatusCode, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint};
use teahouse_protocol::ErrorCode;
use tokio::io::AsyncWriteExt;

use super::held::Held;
use super::progress::{PacedBody, PacedStream};
use super::ticket::{Life, UpgradeSlot, Upgraded};
use super::{House, Place, Wire};
use crate::GatewayConfig;

/// hyper reads at most this much of a body at once; a connection begins with 8 KiB.
const READ_BUFFER: usize = 64 * 1024;

type PoemBody = http_body_util::combinators::BoxBody<bytes::Bytes, std::io::Error>;

/// How hyper reads and writes.
pub(super) fn builder(config: &GatewayConfig) -> Builder {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(config.header())
        .max_header_size(config.header_bytes)
        .max_buf_size(READ_BUFFER.max(config.header_bytes));
    builder
}

/// Serves requests until the connection ends; where it became a socket, gives that socket's life.
pub(super) async fn exchange<E>(house: Arc<House<E>>, stream: Wire, peer: SocketAddr) -> Option<Life>
where
    E: Endpoint + 'static,
{
    let slot = UpgradeSlot::default();
    let asked = Arc::new(AtomicBool::new(false));
    let connection = Visit {
        house: house.clone(),
        local: stream.local_addr().ok()?,
        scheme: if stream.is_tls() { Scheme::HTTPS } else { Scheme::HTTP },
        peer,
        slot: slot.clone(),
        asked: asked.clone(),
    };
    let service = service_fn(move |request| {
        connection.asked.store(true, Ordering::Relaxed);
        let answer: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(connection.answer(request));
        answer
    });
    let mut http =
        house.http.serve_connection(TokioIo::new(PacedStream::new(stream, house.progress)), service);

    let ended = {
        let serve = std::future::poll_fn(|cx| http.poll_without_shutdown(cx));
        match select(serve, pin!(house.shutdown.cancelled())).await {
            Either::Left((ended, _)) => Some(ended),
            Either::Right(((), _)) => None,
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        // A connection without a request, such as one that a browser opened in advance, has nothing to finish.
        None if !asked.load(Ordering::Relaxed) => return None,
        None => {
            Pin::new(&mut http).graceful_shutdown();
            let serve = std::future::poll_fn(|cx| http.poll_without_shutdown(cx));
            tokio::time::timeout(house.patience, serve).await.ok()?
        }
    };
    let parts = http.into_parts();
    let mut stream = parts.io.into_inner().into_inner();
    match slot.take() {
        Some(ticket) if ended.is_ok() => {
            // Copied, because these few bytes would keep hyper's whole read buffer alive.
            let leftover = parts.read_buf.to_vec();
            Some(ticket(Upgraded { stream, leftover, sockets: house.sockets.clone() }))
        }
        _ => {
            if ended.is_err_and(|error| is_too_slow(&error)) {
                // What it did not take would otherwise wait for it in the kernel, for minutes.
                let _ = socket2::SockRef::from(stream.tcp()).set_linger(Some(Duration::ZERO));
                return None;
            }
            // The client may be gone already, and that is no news; or TLS waits for it to take the last bytes.
            let _ = tokio::time::timeout(house.patience, stream.shutdown()).await;
            None
        }
    }
}

/// One connection as its requests see it.
struct Visit<E> {
    house: Arc<House<E>>,
    local: SocketAddr,
    peer: SocketAddr,
    scheme: Scheme,
    slot: UpgradeSlot,
    asked: Arc<AtomicBool>,
}

impl<E: Endpoint + 'static> Visit<E> {
    fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<PoemBody>, Infallible>> + Send + use<E> {
        let house = self.house.clone();
        let slot = self.slot.clone();
        let local = LocalAddr(self.local.into());
        let client = house.proxies.client(request.headers(), self.peer.ip());
        let place = house.requests.enter(client);
        // A proxy tells no port that would be worth having.
        let peer = if client == self.peer.ip() { self.peer } else { SocketAddr::new(client, 0) };
        let (peer, scheme) = (RemoteAddr(peer.into()), self.scheme.clone());
        request.extensions_mut().insert(slot.clone());
        async move {
            let Place::Free(place) = place else { return Ok(busy().into()) };
            let mut request: poem::Request = (request, local, peer, scheme).into();
            let body: PoemBody = request.take_body().into();
            if !body.is_end_stream() {
                request.set_body(PoemBody::new(PacedBody::new(body, house.progress)));
            }
            let response = house.endpoint.get_response(request).await;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                slot.take();
            }
            let response: Response<PoemBody> = response.into();
            Ok(match place {
                Some(place) if !response.body().is_end_stream() => {
                    response.map(|body| PoemBody::new(Held::new(body, place)))
                }
                _ => response,
            })
        }
    }
}

/// Answers one request of a connection that is one too many from its address.
pub(super) async fn refuse_crowd(mut http: Builder, stream: PacedStream<Wire>) {
    let service = service_fn(|_request: Request<Incoming>| async {
        Ok::<Response<PoemBody>, Infallible>(crowded().into())
    });
    let _ = http.keep_alive(false).serve_connection(TokioIo::new(stream), service).await;
}

/// The same shape as every other problem of the server (RFC 9457).
fn crowded() -> poem::Response {
    problem(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyConnections, None)
}

/// One request too many at once from its address.
fn busy() -> poem::Response {
    let mut response = problem(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, None);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Whether a connection ended because its client took too little for too long.
fn is_too_slow(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
}

/// A problem document for what happens before any endpoint could answer; without a detail of its own, it has the
/// code's words.
pub(crate) fn problem(status: StatusCode, code: ErrorCode, detail: Option<&str>) -> poem::Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail.unwrap_or(code.message_en()),
        "code": code,
    });
    poem::Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/problem+json")
        .body(Body::from_string(body.to_string()))
}
