//! A house in process for the tests of listener and session: real sockets, and a conversation that says everything to
//! everybody.

mod http;
mod idle;
mod limits;
mod shutdown;
mod talk;
mod violations;

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use poem::error::ReadBodyError;
use poem::http::StatusCode;
use poem::{Endpoint, Request, Response};
use serde_json::Value;
use teahouse_protocol::{ClientFrame, CloseCode, Content, ServerEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use crate::session::{Conversation, Rules, Session};
use crate::upgrade::{Handshake, accept};
use crate::{Encoder, GatewayConfig, GatewayMetrics, serve};
use teahouse_chat::{Dialect, Error, Handled, Mailbox, MailboxLimits};

/// More than the kernel's buffers of both ends hold.
const LARGE: usize = 16 << 20;

/// A running house. Its sockets end with it.
struct House {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    served: tokio::task::JoinHandle<()>,
    floor: Arc<Floor>,
    metrics: Arc<GatewayMetrics>,
}

/// Who is there, and what the test holds back.
#[derive(Default)]
struct Floor {
    guests: Mutex<Vec<Arc<Mailbox>>>,
    /// Lets a message that says "later" go on.
    go_on: Arc<Notify>,
    /// Called when a request to `/slow` has begun, and to let it end.
    slow_began: Notify,
    slow_ends: Notify,
}

impl House {
    async fn open(config: GatewayConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let floor = Arc::<Floor>::default();
        let metrics = Arc::<GatewayMetrics>::default();
        let rules = Arc::new(Rules::new(config.clone(), metrics.clone()));
        let rooms = Rooms { floor: floor.clone(), rules };
        let stop = shutdown.clone();
        let served = tokio::spawn(async move { serve(listener, None, rooms, &config, stop).await });
        Self { address, shutdown, served, floor, metrics }
    }

    async fn open_by_default() -> Self {
        Self::open(GatewayConfig::default()).await
    }

    /// A guest through a foreign WebSocket client.
    async fn guest(&self) -> Guest {
        let url = format!("ws://{}/ws", self.address);
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let guest = Guest(socket);
        self.until(|house| !house.floor.guests.lock().is_empty()).await;
        guest
    }

    /// A guest that writes bytes.
    async fn raw_guest(&self) -> RawGuest {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(UPGRADE.as_bytes()).await.unwrap();
        let mut guest = RawGuest { stream, received: Vec::new() };
        let head = guest.head().await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        guest
    }

    /// Says something to everybody, as the hub does.
    fn announce(&self, frame: &Bytes) {
        for mailbox in self.floor.guests.lock().iter() {
            mailbox.push(frame.clone());
        }
    }

    /// Waits for a fact that nothing announces.
    async fn until(&self, fact: impl Fn(&Self) -> bool) {
        while !fact(self) {
            tokio::task::yield_now().await;
        }
    }

    async fn has_closed(&mut self) {
        (&mut self.served).await.unwrap();
    }

    async fn everybody_is_gone(&self) {
        self.until(|house| house.metrics.open() == 0).await;
    }

    fn closes(&self, label: &str) -> u64 {
        self.metrics.closes().find(|(name, _)| name == label).unwrap().1
    }
}

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nhost: t\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

struct Guest(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Guest {
    async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn say(&mut self, content: &str) {
        self.send(&serde_json::json!({"type": "msg", "id": content, "content": content}).to_string()).await;
    }

    /// The next JSON, whatever control frames come before it.
    async fn json(&mut self) -> Value {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn hears(&mut self, content: &str) {
        assert_eq!(self.json().await["text"], content);
    }

    async fn is_told(&mut self, code: &str) -> Value {
        let json = self.json().await;
        assert_eq!((&json["type"], &json["code"]), (&"error".into(), &code.into()), "{json}");
        json
    }

    /// The code that the server closes with; what comes before it is passed over.
    async fn closed(mut self) -> u16 {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("no close frame: {other:?}"),
            }
        }
    }
}

struct RawGuest {
    stream: TcpStream,
    received: Vec<u8>,
}

impl RawGuest {
    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn more(&mut self) -> bool {
        self.stream.read_buf(&mut self.received).await.unwrap_or(0) > 0
    }

    /// The head of an HTTP answer.
    async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.received.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.more().await, "the connection ended");
        }
    }

    /// The next frame: its first byte and its payload.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let [first, length, ..] = self.received[..] {
                let (header, length) = match (length, &self.received[2..]) {
                    (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
                    (126, _) => (usize::MAX, 0),
                    (length, _) => (2, usize::from(length)),
                };
                if self.received.len() >= header.saturating_add(length) {
                    let frame: Vec<u8> = self.received.drain(..header + length).collect();
                    return Some((first, frame[header..].to_vec()));
                }
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn json(&mut self) -> Value {
        let (first, payload) = self.frame().await.expect("a frame");
        assert_eq!(first, 0x81);
        serde_json::from_slice(&payload).unwrap()
    }

    /// The code of the close frame that comes in the end; `None`: it ended without.
    async fn closed(&mut self) -> Option<u16> {
        while let Some((first, payload)) = self.frame().await {
            if first == 0x88 {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                return Some(code.unwrap_or(1005));
            }
        }
        None
    }
}

/// The endpoint of the tests.
struct Rooms {
    floor: Arc<Floor>,
    rules: Arc<Rules>,
}

impl Endpoint for Rooms {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match request.uri().path() {
            "/ws" => Ok(self.upgrade(&request)),
            "/slow" => {
                self.floor.slow_began.notify_one();
                self.floor.slow_ends.notified().await;
                Ok(Response::builder().body("done"))
            }
            "/read" => {
                let status = match request.into_body().into_bytes_limit(1 << 20).await {
                    Ok(_) => StatusCode::OK,
                    Err(ReadBodyError::Io(error)) if error.kind() == ErrorKind::TimedOut => {
                        StatusCode::REQUEST_TIMEOUT
                    }
                    Err(_) => StatusCode::BAD_REQUEST,
                };
                Ok(Response::builder().status(status).finish())
            }
            "/large" => Ok(Response::builder().body(vec![b'x'; LARGE])),
            "/echo" => Ok(Response::builder().body(request.into_body())),
            _ => Ok(Response::builder().body("hello")),
        }
    }
}

impl Rooms {
    fn upgrade(&self, request: &Request) -> Response {
        let (floor, rules) = (self.floor.clone(), self.rules.clone());
        accept(request, Handshake::read(request).unwrap(), |upgraded| {
            let limits =
                MailboxLimits { frames: rules.config.outgoing_frames, bytes: rules.config.outgoing_bytes };
            let encoder = Arc::new(Encoder::new(rules.metrics.clone()));
            let mailbox = Mailbox::new(Dialect::Native, encoder, limits);
            floor.guests.lock().push(mailbox.clone());
            let parrot = Parrot { floor, mailbox: mailbox.clone() };
            Box::pin(Session::new(upgraded, mailbox, Some(parrot), None, rules))
        })
    }
}

/// Says everything to everybody, the speaker included.
struct Parrot {
    floor: Arc<Floor>,
    mailbox: Arc<Mailbox>,
}

impl Conversation for Parrot {
    fn handle(&mut self, frame: ClientFrame) -> Handled {
        match frame {
            ClientFrame::Ping { id } => self.mailbox.send(&ServerEvent::Pong { id }),
            ClientFrame::Msg(draft) => {
                let Content::Text(text) = draft.content else { return Handled::Done };
                match text.as_str() {
                    "refuse" => return Handled::Refused(Error::NotAMember),
                    "later" | "later refuse" => return Handled::Later(Box::pin(self.later(text))),
                    "go away" => self.mailbox.close(CloseCode::SessionExpired, "session expired"),
                    _ => self.floor.say(&text),
                }
            }
            _ => {}
        }
        Handled::Done
    }
}

impl Parrot {
    fn later(&self, text: String) -> impl Future<Output = Result<(), Error>> + use<> {
        let floor = self.floor.clone();
        async move {
            floor.go_on.notified().await;
            if text == "later" {
                floor.say(&text);
                Ok(())
            } else {
                Err(Error::NotAMember)
            }
        }
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        self.floor.guests.lock().retain(|mailbox| !Arc::ptr_eq(mailbox, &self.mailbox));
    }
}

impl Floor {
    fn say(&self, text: &str) {
        let frame = text_frame(text);
        for mailbox in self.guests.lock().iter() {
            mailbox.push(frame.clone());
        }
    }
}

fn text_frame(text: &str) -> Bytes {
    crate::codec::FrameBuffer::default().json(&serde_json::json!({"text": text})).unwrap()
}

/// A masked frame of a client.
fn client_frame(opcode: u8, last: bool, payload: &[u8]) -> Vec<u8> {
    crate::codec::tests::client_frame(opcode, last, payload)
}

fn client_text(text: &str) -> Vec<u8> {
    client_frame(1, true, text.as_bytes())
}

fn client_msg(content: &str) -> Vec<u8> {
    client_text(&serde_json::json!({"type": "msg", "id": content, "content": content}).to_string())
}
