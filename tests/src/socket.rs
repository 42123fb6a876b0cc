//! One WebSocket: frames out, events in, and waiting for the events that a test expects.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::PATIENCE;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection; what comes is read at once and kept until the test asks for it.
pub struct Socket {
    who: String,
    /// The first event.
    pub hello: Value,
    /// The sub-protocol that the server chose.
    pub protocol: Option<String>,
    sink: SplitSink<Stream, Message>,
    incoming: mpsc::UnboundedReceiver<Incoming>,
    waiting: VecDeque<Value>,
    closed: Option<Option<u16>>,
    patience: Duration,
}

enum Incoming {
    Event(Value),
    /// The close code, if a close frame came.
    Closed(Option<u16>),
}

impl Socket {
    /// Connects, and reads the first event where one comes.
    ///
    /// # Errors
    /// What went wrong, as text.
    pub async fn connect(who: &str, url: &str, headers: &[(&str, &str)]) -> Result<Self, String> {
        let mut socket = Self::open(who, url, headers).await?;
        match socket.next().await {
            Ok(event) if event["type"] == "hello" => socket.hello = event,
            Ok(event) => return Err(format!("the first event is {event}")),
            Err(closed) => return Err(format!("closed with {closed:?} before the hello")),
        }
        Ok(socket)
    }

    /// Connects, and expects nothing: for dialects without a `hello`, and for refusals.
    ///
    /// # Errors
    /// What went wrong, as text.
    pub async fn open(who: &str, url: &str, headers: &[(&str, &str)]) -> Result<Self, String> {
        let mut request = url.into_client_request().map_err(|error| error.to_string())?;
        for (name, value) in headers {
            let name: HeaderName = name.parse().map_err(|_| format!("the header {name}"))?;
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).map_err(|error| error.to_string())?);
        }
        let connecting = tokio::time::timeout(PATIENCE, tokio_tungstenite::connect_async(request));
        let (stream, response) =
            connecting.await.map_err(|_| "the upgrade takes too long")?.map_err(|error| error.to_string())?;
        let protocol = response.headers().get("sec-websocket-protocol");
        let protocol = protocol.and_then(|name| name.to_str().ok()).map(str::to_owned);
        let (sink, stream) = stream.split();
        let (sender, incoming) = mpsc::unbounded_channel();
        tokio::spawn(read(stream, sender));
        let waiting = VecDeque::new();
        Ok(Self {
            who: who.into(),
            hello: Value::Null,
            protocol,
            sink,
            incoming,
            waiting,
            closed: None,
            patience: PATIENCE,
        })
    }

    /// Waits longer for each event, where what it waits for takes its time by design.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The lobby's id.
    #[must_use]
    pub fn lobby(&self) -> String {
        self.hello["lobby"].as_str().expect("the hello names the lobby").to_owned()
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn frame(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    /// Sends text as it is.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn text(&mut self, text: &str) {
        let sent = self.try_text(text).await;
        sent.unwrap_or_else(|error| panic!("{} can't send {text}: {error}", self.who));
    }

    /// Sends text as it is, where the connection may be gone.
    ///
    /// # Errors
    /// What went wrong, as text.
    pub async fn try_text(&mut self, text: &str) -> Result<(), String> {
        self.sink.send(Message::Text(Utf8Bytes::from(text))).await.map_err(|error| error.to_string())
    }

    /// Sends a binary frame.
    pub async fn binary(&mut self, bytes: &[u8]) {
        self.sink.send(Message::Binary(bytes.to_vec().into())).await.expect("a binary frame leaves");
    }

    /// Starts a close with this code.
    pub async fn close(mut self) {
        // The server may have been faster.
        let _ = self.sink.send(Message::Close(None)).await;
        self.closes().await;
    }

    /// Joins a room for what comes; returns the `joined`.
    pub async fn join(&mut self, room: &str) -> Value {
        self.frame(json!({ "type": "join", "room": room })).await;
        self.event("joined").await
    }

    /// Joins a room for what comes and for what was missed; returns the `joined`.
    pub async fn join_since(&mut self, room: &str, since: u64) -> Value {
        self.frame(json!({ "type": "join", "room": room, "since": since })).await;
        self.event("joined").await
    }

    /// Sends a text message to the current room, and waits for its `ack`, which it returns.
    pub async fn send(&mut self, id: &str, content: &str) -> Value {
        self.frame(json!({ "type": "msg", "id": id, "content": content })).await;
        self.answer(id).await
    }

    /// As [`send`](Self::send), to a room.
    pub async fn send_to(&mut self, room: &str, id: &str, content: &str) -> Value {
        self.frame(json!({ "type": "msg", "room": room, "id": id, "content": content })).await;
        self.answer(id).await
    }

    /// Waits for the `ack` of a frame with this id; an `error` instead fails the test.
    pub async fn answer(&mut self, id: &str) -> Value {
        let answer = self
            .find(&format!("the ack of {id}"), |event| {
                (event["type"] == "ack" || event["type"] == "error") && event["id"] == id
            })
            .await;
        assert_eq!(answer["type"], "ack", "{} is refused: {answer}", self.who);
        answer
    }

    /// Waits for an `error` with this code, and returns it.
    pub async fn refused(&mut self, code: &str) -> Value {
        let answer = self
            .find(&format!("the error {code}"), |event| event["type"] == "error" || event["type"] == "ack")
            .await;
        assert!(
            answer["type"] == "error" && answer["code"] == code,
            "{} waited for {code}: {answer}",
            self.who
        );
        assert!(answer["message"].is_string(), "an error without a message: {answer}");
        answer
    }

    /// Waits for the next event of this type. What came before it stays for later questions.
    pub async fn event(&mut self, kind: &str) -> Value {
        self.find(kind, |event| event["type"] == kind).await
    }

    /// The next messages, in this order and with none between; other events stay for later questions.
    pub async fn sees<const N: usize>(&mut self, contents: [&str; N]) -> Vec<Value> {
        let mut seen = Vec::with_capacity(N);
        for content in contents {
            let message = self.event("msg").await;
            assert_eq!(message["content"], content, "{} sees another message: {message}", self.who);
            seen.push(message);
        }
        seen
    }

    /// Everything that came before the answer to a `ping` sent now.
    pub async fn until_now(&mut self) -> Vec<Value> {
        let id = uuid::Uuid::now_v7().to_string();
        self.frame(json!({ "type": "ping", "id": id })).await;
        self.find("the pong", |event| event["type"] == "pong" && event["id"] == id.as_str()).await;
        self.waiting.drain(..).collect()
    }

    /// As [`until_now`](Self::until_now), where the `ping` may be refused or the connection closed.
    ///
    /// # Errors
    /// The connection has ended: the code of the close frame, if one came.
    pub async fn try_until_now(&mut self) -> Result<Vec<Value>, Option<u16>> {
        let id = uuid::Uuid::now_v7().to_string();
        // What came before a close is still to be read.
        let _ = self.try_text(&json!({ "type": "ping", "id": id }).to_string()).await;
        loop {
            let event = self.receive().await?;
            if event["id"] == id.as_str() {
                return Ok(self.waiting.drain(..).collect());
            }
            self.waiting.push_back(event);
        }
    }

    /// What came and was not asked for.
    pub fn waiting(&mut self) -> Vec<Value> {
        self.waiting.drain(..).collect()
    }

    /// Waits for the end of the connection, and returns the code of the close frame, if one came.
    pub async fn closes(&mut self) -> Option<u16> {
        loop {
            match self.receive().await {
                Ok(event) => self.waiting.push_back(event),
                Err(code) => return code,
            }
        }
    }

    /// The next event that nobody asked for, or the close code.
    ///
    /// # Errors
    /// The connection has ended: the code of the close frame, if one came.
    pub async fn next(&mut self) -> Result<Value, Option<u16>> {
        match self.waiting.pop_front() {
            Some(event) => Ok(event),
            None => self.receive().await,
        }
    }

    /// The first event, kept or coming, that `is_it` accepts; it is taken out.
    pub async fn find(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(event) = self.waiting.iter().position(&is_it).and_then(|place| self.waiting.remove(place))
        {
            return event;
        }
        loop {
            match self.receive().await {
                Ok(event) if is_it(&event) => return event,
                Ok(event) => self.waiting.push_back(event),
                Err(code) => self.give_up(what, &format!("the connection closed with {code:?}")),
            }
        }
    }

    async fn receive(&mut self) -> Result<Value, Option<u16>> {
        if let Some(code) = self.closed {
            return Err(code);
        }
        match tokio::time::timeout(self.patience, self.incoming.recv()).await {
            Ok(Some(Incoming::Event(event))) => Ok(event),
            Ok(Some(Incoming::Closed(code))) => {
                self.closed = Some(code);
                Err(code)
            }
            Ok(None) => Err(None),
            Err(_) => self.give_up("anything more", "nothing came"),
        }
    }

    fn give_up(&self, what: &str, why: &str) -> ! {
        let came: Vec<String> = self.waiting.iter().map(Value::to_string).collect();
        panic!("{} waited for {what}, but {why}; came instead:\n{}", self.who, came.join("\n"));
    }
}

/// Reads until the end, so that WebSocket pings are answered whatever the test does.
async fn read(mut stream: SplitStream<Stream>, sender: mpsc::UnboundedSender<Incoming>) {
    let mut code = None;
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => {
                let event = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.to_string()));
                // The test may have let go of its end; reading on keeps the connection alive for the server.
                let _ = sender.send(Incoming::Event(event));
            }
            Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
            _ => {}
        }
    }
    let _ = sender.send(Incoming::Closed(code));
}

/// The `content` of each message.
#[must_use]
pub fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().unwrap_or_default()).collect()
}

/// The `seq` of each event.
#[must_use]
pub fn seqs(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().unwrap_or_default()).collect()
}
