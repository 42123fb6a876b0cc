//! A connection that reads no more of an event than a test of speed needs: at thousands of events a second, reading all of
//! each would measure the test.

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use teahouse_tests::{PATIENCE, Person, TestServer};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The half that speaks.
pub(super) struct Mouth(SplitSink<Stream, Message>);

/// The half that hears.
pub(super) struct Ear(SplitStream<Stream>);

/// Connects `person`, who hears nothing but answers.
pub(super) async fn connect(server: &TestServer, person: &Person) -> (Mouth, Ear) {
    let url = server.ws_url(&format!("/ws?token={}", person.token));
    let connecting = tokio::time::timeout(PATIENCE, tokio_tungstenite::connect_async(url));
    let (stream, _) = connecting.await.expect("an answer in time").expect("an upgrade");
    let (sink, stream) = stream.split();
    (Mouth(sink), Ear(stream))
}

/// As [`connect`], and listens to `room`.
pub(super) async fn listen(server: &TestServer, person: &Person, room: &str) -> (Mouth, Ear) {
    listen_in(server, person, &[room]).await
}

/// As [`connect`], and listens to each of `rooms`.
pub(super) async fn listen_in(server: &TestServer, person: &Person, rooms: &[&str]) -> (Mouth, Ear) {
    let (mut mouth, mut ear) = connect(server, person).await;
    for room in rooms {
        mouth.says(&json!({ "type": "join", "room": room })).await;
        while !ear.hears().await.contains("\"type\":\"joined\"") {}
    }
    (mouth, ear)
}

impl Mouth {
    /// Sends a frame.
    pub(super) async fn says(&mut self, frame: &Value) {
        self.says_all([frame.to_string()]).await;
    }

    /// Sends frames that are JSON already, in as few writes as it can.
    pub(super) async fn says_all(&mut self, frames: impl IntoIterator<Item = String>) {
        for frame in frames {
            self.0.feed(Message::Text(Utf8Bytes::from(frame))).await.expect("the frame is taken");
        }
        self.0.flush().await.expect("the frames leave");
    }
}

impl Ear {
    /// The next event, as it came.
    pub(super) async fn hears(&mut self) -> Utf8Bytes {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    assert!(!text.contains("\"type\":\"error\""), "refused: {text}");
                    return text;
                }
                Some(Ok(Message::Close(frame))) => panic!("closed: {frame:?}"),
                Some(Ok(_)) => {}
                ended => panic!("the connection ended: {ended:?}"),
            }
        }
    }
}

/// What follows `before` in an event, up to the next quotation mark.
pub(super) fn after<'a>(event: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = event.split_once(before)?;
    rest.split('"').next()
}

/// The number that follows `before` in an event.
pub(super) fn number_after(event: &str, before: &str) -> Option<u64> {
    let (_, rest) = event.split_once(before)?;
    rest.split(|next: char| !next.is_ascii_digit()).next()?.parse().ok()
}
