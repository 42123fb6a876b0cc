//! The opening handshake (RFC 6455 §4.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use poem::{Request, Response};
use sha1::{Digest, Sha1};
use teahouse_protocol::ErrorCode;

use crate::listener::{Life, UpgradeSlot, Upgraded, problem};

/// Our own sub-protocol. None is required, because many mini-programs offer none.
pub(crate) const TEAHOUSE_V1: &str = "teahouse.v1";

const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES: usize = 16;
const OUR_VERSION: &str = "13";

/// A client's request for a socket, checked.
#[derive(Debug)]
pub(crate) struct Handshake {
    accept: HeaderValue,
    protocol: Option<HeaderValue>,
}

/// Why a request is no proper request for a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoHandshake {
    #[error("this address is for WebSocket connections: send `Upgrade: websocket` and `Connection: Upgrade`")]
    NoUpgrade,
    #[error("use GET")]
    Method,
    #[error("use HTTP/1.1")]
    Version,
    #[error("only version 13 of the WebSocket protocol is spoken here")]
    WebSocketVersion,
    #[error("`Sec-WebSocket-Key` must be 16 bytes in base64")]
    Key,
    #[error("a request for a socket has no body")]
    Body,
}

impl Handshake {
    /// # Errors
    /// [`NoHandshake`] says what is wrong with the request.
    pub(crate) fn read(request: &Request) -> Result<Self, NoHandshake> {
        if request.method() != Method::GET {
            return Err(NoHandshake::Method);
        }
        if !asks_for_socket(request.headers()) {
            return Err(NoHandshake::NoUpgrade);
        }
        if request.version() < Version::HTTP_11 {
            return Err(NoHandshake::Version);
        }
        if request.header(header::SEC_WEBSOCKET_VERSION).map(str::trim) != Some(OUR_VERSION) {
            return Err(NoHandshake::WebSocketVersion);
        }
        if has_body(request.headers()) {
            return Err(NoHandshake::Body);
        }
        let key = request.header(header::SEC_WEBSOCKET_KEY).map(str::trim).ok_or(NoHandshake::Key)?;
        Ok(Self { accept: accept_key(key)?, protocol: choose_protocol(request.headers()) })
    }

    /// Whether the client offers our own sub-protocol.
    pub(crate) fn offers_teahouse(&self) -> bool {
        self.protocol.as_ref().is_some_and(|protocol| protocol == TEAHOUSE_V1)
    }
}

/// Whether this is a request for a socket at all, well formed or not.
pub(crate) fn asks_for_socket(headers: &HeaderMap) -> bool {
    // The standard says any case, and that both are lists.
    words(headers, &header::UPGRADE).any(|word| word.eq_ignore_ascii_case("websocket"))
        && words(headers, &header::CONNECTION).any(|word| word.eq_ignore_ascii_case("upgrade"))
}

/// Answers 101, and leaves behind what to do with the stream.
pub(crate) fn accept(
    request: &Request,
    handshake: Handshake,
    ticket: impl FnOnce(Upgraded) -> Life + Send + 'static,
) -> Response {
    let Some(slot) = request.extensions().get::<UpgradeSlot>() else {
        tracing::error!("a socket was asked for on a connection that the gateway does not serve");
        return problem(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, None);
    };
    slot.leave(Box::new(ticket));
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, handshake.accept);
    if let Some(protocol) = handshake.protocol {
        response = response.header(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response.finish()
}

/// The answer to what is no request for a socket.
pub(crate) fn refuse(why: NoHandshake) -> Response {
    let status = match why {
        NoHandshake::NoUpgrade | NoHandshake::WebSocketVersion => StatusCode::UPGRADE_REQUIRED,
        NoHandshake::Method => StatusCode::METHOD_NOT_ALLOWED,
        NoHandshake::Version | NoHandshake::Key | NoHandshake::Body => StatusCode::BAD_REQUEST,
    };
    let code = match why {
        NoHandshake::Method => ErrorCode::MethodNotAllowed,
        _ => ErrorCode::InvalidField,
    };
    let mut response = problem(status, code, Some(&why.to_string()));
    let headers = response.headers_mut();
    if status == StatusCode::UPGRADE_REQUIRED {
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(OUR_VERSION));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
    }
    response
}

fn accept_key(key: &str) -> Result<HeaderValue, NoHandshake> {
    if STANDARD.decode(key).map_or(true, |bytes| bytes.len() != KEY_BYTES) {
        return Err(NoHandshake::Key);
    }
    let digest = Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize();
    HeaderValue::from_str(&STANDARD.encode(digest)).map_err(|_| NoHandshake::Key)
}

/// Ours where it is offered, else the first that is a token: some clients fail when they offer any and get none.
fn choose_protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut offered = words(headers, &header::SEC_WEBSOCKET_PROTOCOL).filter(|word| is_token(word));
    let first = offered.next()?;
    let ours = std::iter::once(first).chain(offered).find(|word| *word == TEAHOUSE_V1);
    HeaderValue::from_str(ours.unwrap_or(first)).ok()
}

/// RFC 9110 §5.6.2.
fn is_token(word: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !word.is_empty() && word.bytes().all(allowed)
}

fn has_body(headers: &HeaderMap) -> bool {
    let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    !empty || headers.contains_key(header::TRANSFER_ENCODING)
}

/// The members of a header that is a list, however often it stands there.
fn words<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(changes: &[(&str, Option<&str>)]) -> Request {
        let mut headers = vec![
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for (name, value) in changes {
            headers.retain(|(existing, _)| existing != name);
            headers.extend(value.map(|value| (*name, value)));
        }
        let builder = Request::builder().method(Method::GET).version(Version::HTTP_11);
        headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value)).finish()
    }

    fn protocol(offered: &str) -> Option<String> {
        let handshake = Handshake::read(&request(&[("sec-websocket-protocol", Some(offered))])).unwrap();
        handshake.protocol.map(|protocol| protocol.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_standards_own_example_is_accepted() {
        // RFC 6455 §1.3.
        assert_eq!(Handshake::read(&request(&[])).unwrap().accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn names_are_read_in_any_case_and_as_lists() {
        let spelled = [("upgrade", Some("h2c, WebSOCKET")), ("connection", Some("keep-alive, UPGRADE"))];
        assert!(Handshake::read(&request(&spelled)).is_ok());
    }

    #[test]
    fn what_is_missing_is_named() {
        for (change, expected) in [
            (("upgrade", None), NoHandshake::NoUpgrade),
            (("connection", Some("keep-alive")), NoHandshake::NoUpgrade),
            (("sec-websocket-version", Some("8")), NoHandshake::WebSocketVersion),
            (("sec-websocket-version", None), NoHandshake::WebSocketVersion),
            (("sec-websocket-key", None), NoHandshake::Key),
            (("sec-websocket-key", Some("short")), NoHandshake::Key),
            (("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25jZTE=")), NoHandshake::Key),
            (("content-length", Some("5")), NoHandshake::Body),
            (("transfer-encoding", Some("chunked")), NoHandshake::Body),
        ] {
            assert_eq!(Handshake::read(&request(&[change])).unwrap_err(), expected, "{change:?}");
        }
        assert!(Handshake::read(&request(&[("content-length", Some("0"))])).is_ok());
    }

    #[test]
    fn an_offer_is_always_answered_with_one_of_it() {
        assert_eq!(protocol("protocol1").as_deref(), Some("protocol1"));
        assert_eq!(protocol("a, teahouse.v1").as_deref(), Some("teahouse.v1"));
        assert_eq!(protocol("b/d, , good, other").as_deref(), Some("good"));
        assert_eq!(protocol("/").as_deref(), None);
    }
}
