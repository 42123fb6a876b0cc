//! A connection as a client sees it: frames in as JSON, events out as JSON, each waited for with a deadline.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use teahouse_chat::{Connection, Error, Handled, Mailbox, Taken};
use teahouse_protocol::{ClientFrame, CloseCode, ErrorCode, RoomId};

/// Past this something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Socket {
    connection: Connection,
    mailbox: Arc<Mailbox>,
    waiting: VecDeque<Value>,
    /// Rooms of which was said that something waits for a moderator. It comes beside everything else, at no certain
    /// place, so that it stands in no other event's way.
    to_look_at: VecDeque<Value>,
}

impl Socket {
    pub(crate) fn new(connection: Connection, mailbox: Arc<Mailbox>) -> Self {
        Self { connection, mailbox, waiting: VecDeque::new(), to_look_at: VecDeque::new() }
    }

    pub(crate) fn hello(&self) -> Value {
        serde_json::to_value(self.connection.hello()).unwrap()
    }

    /// Hands a frame over and waits until it is handled; its answer may still be on the way.
    pub(crate) async fn frame(&mut self, frame: Value) -> Result<(), Error> {
        match self.hand_over(&frame) {
            Handled::Done => Ok(()),
            Handled::Refused(error) => Err(error),
            Handled::Later(answer) => {
                tokio::time::timeout(PATIENCE, answer).await.expect("an answer in time")
            }
        }
    }

    pub(crate) fn hand_over(&mut self, frame: &Value) -> Handled {
        self.connection.handle(ClientFrame::parse(&frame.to_string()).expect("a good frame"))
    }

    /// Hands a frame over, and returns the next event.
    pub(crate) async fn ask(&mut self, frame: Value) -> Value {
        self.frame(frame).await.unwrap();
        self.next().await
    }

    /// The code that a frame is refused with, at once or by an `error`.
    pub(crate) async fn refusal(&mut self, frame: Value) -> ErrorCode {
        match self.frame(frame).await {
            Err(error) => error.code(),
            Ok(()) => {
                let event = self.next().await;
                assert_eq!(event["type"], "error", "{event}");
                serde_json::from_value(event["code"].clone()).unwrap()
            }
        }
    }

    /// Joins from the head on.
    pub(crate) async fn join(&mut self, room: RoomId) -> Value {
        let joined = self.ask(json!({ "type": "join", "room": room })).await;
        assert_eq!(joined["type"], "joined", "{joined}");
        joined
    }

    pub(crate) async fn listen_to_all(&mut self) -> Value {
        let heads = self.ask(json!({ "type": "listen", "rooms": "all" })).await;
        assert_eq!(heads["type"], "heads", "{heads}");
        heads
    }

    /// Says something without waiting for the ack.
    pub(crate) async fn say(&mut self, room: RoomId, text: &str) {
        self.frame(json!({ "type": "msg", "room": room, "content": text })).await.unwrap();
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Value {
        match self.take().await {
            Ok(event) => event,
            Err(closed) => panic!("closed with {closed:?} where an event was expected"),
        }
    }

    /// The next event of this type, after a look that it is the next at all.
    pub(crate) async fn sees(&mut self, kind: &str) -> Value {
        let event = self.next().await;
        assert_eq!(event["type"], kind, "{event}");
        event
    }

    /// The next event of this type; others are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The text of the message that must come next.
    pub(crate) async fn hears(&mut self, text: &str) -> Value {
        let event = self.sees("msg").await;
        assert_eq!(event["content"], text, "{event}");
        event
    }

    /// How the connection was closed; whatever waits before is passed over.
    pub(crate) async fn closed(&mut self) -> CloseCode {
        loop {
            if let Err(closed) = self.take().await {
                return closed;
            }
        }
    }

    /// Every event that waits before the close, and the close.
    pub(crate) async fn rest(&mut self) -> (Vec<Value>, CloseCode) {
        let mut events = Vec::new();
        loop {
            match self.take().await {
                Ok(event) => events.push(event),
                Err(closed) => return (events, closed),
            }
        }
    }

    /// The answer to a ping must come next: nothing else waited.
    pub(crate) async fn has_nothing(&mut self) {
        let pong = self.ask(json!({ "type": "ping", "id": "anything?" })).await;
        assert_eq!(pong["type"], "pong", "{pong}");
    }

    /// The next event, if one is there already or comes at the next turn.
    pub(crate) async fn next_soon(&mut self) -> Option<Value> {
        if self.waiting.is_empty() {
            tokio::task::yield_now().await;
            let mut frames: Vec<Bytes> = Vec::new();
            let mailbox = &self.mailbox;
            poll_fn(|cx| {
                let _nothing_yet = mailbox.poll_take(cx, &mut frames);
                Poll::Ready(())
            })
            .await;
            self.keep(&frames);
        }
        self.waiting.pop_front()
    }

    /// Waits until the user hears, as a moderator of `room`, that there is something to look at.
    pub(crate) async fn is_sent_to_look_at(&mut self, room: RoomId) {
        while self.to_look_at.is_empty() {
            self.fetch().await.expect("an open connection");
        }
        assert_eq!(self.to_look_at.pop_front().unwrap()["room"], json!(room));
    }

    /// Whether anything was said of what waits for moderators so far.
    pub(crate) fn is_bothered(&self) -> bool {
        !self.to_look_at.is_empty()
    }

    fn keep(&mut self, frames: &[Bytes]) {
        for event in frames.iter().map(|frame| serde_json::from_slice::<Value>(frame).unwrap()) {
            if event["type"] == "waiting" {
                self.to_look_at.push_back(event);
            } else {
                self.waiting.push_back(event);
            }
        }
    }

    async fn take(&mut self) -> Result<Value, CloseCode> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(event);
            }
            self.fetch().await?;
        }
    }

    /// Takes over what is in the mailbox, once there is something.
    async fn fetch(&mut self) -> Result<(), CloseCode> {
        let mut frames: Vec<Bytes> = Vec::new();
        let mailbox = &self.mailbox;
        let taken = tokio::time::timeout(PATIENCE, poll_fn(|cx| mailbox.poll_take(cx, &mut frames)));
        match taken.await.expect("an event in time") {
            Taken::Closed(code, _) => Err(code),
            Taken::Frames => {
                assert!(!frames.is_empty(), "frames without a frame");
                self.keep(&frames);
                Ok(())
            }
        }
    }
}
