//! Events for the dialects' tests.

use bytes::Bytes;
use teahouse_protocol::{
    Ack, AckState, Content, Ephemeral, ImageContent, Kind, Message, MessageId, Replaced, RoomId, Sender, Seq,
    ServerEvent, Timestamp, UserId,
};

/// The JSON of a short frame.
#[track_caller]
pub(super) fn json(frame: Option<Bytes>) -> serde_json::Value {
    let frame = frame.expect("a frame");
    let header = if frame[1] < 126 { 2 } else { 4 };
    serde_json::from_slice(&frame[header..]).expect("JSON")
}

pub(super) fn text(text: &str) -> ServerEvent {
    message(Content::Text(text.to_owned()), None)
}

pub(super) fn picture() -> ServerEvent {
    let url = Some("https://a.example/x.png".to_owned());
    let content = Content::Image(ImageContent { url, media: None, width: None, height: None, alt: None });
    let text = content.plain_text();
    message(content, Some(text))
}

fn message(content: Content, text: Option<String>) -> ServerEvent {
    ServerEvent::Msg(Message {
        id: MessageId::generate(),
        client_id: None,
        room: RoomId::generate(),
        seq: Seq::new(8).unwrap(),
        sender: Sender {
            id: UserId::generate(),
            name: "小明".to_owned(),
            avatar: None,
            is_bot: false,
            is_guest: true,
        },
        kind: content.kind(),
        content: Some(content),
        text,
        reply_to: None,
        mentions: Vec::new(),
        at: Timestamp::from_millis(0),
        edited_at: None,
        recalled_at: None,
        cut: false,
        replaced: None,
        reactions: Vec::new(),
    })
}

/// What a bot tells one person alone.
pub(super) fn whisper(text: &str) -> ServerEvent {
    ServerEvent::Ephemeral(Ephemeral {
        id: MessageId::generate(),
        room: RoomId::generate(),
        sender: Sender {
            id: UserId::generate(),
            name: "茶博士".to_owned(),
            avatar: None,
            is_bot: true,
            is_guest: false,
        },
        kind: Kind::Text,
        content: Content::Text(text.to_owned()),
        text: None,
        reply_to: None,
        at: Timestamp::from_millis(0),
    })
}

/// The ack of a message that waits for a moderator.
pub(super) fn held() -> ServerEvent {
    ServerEvent::Ack(Ack {
        id: None,
        message: MessageId::generate(),
        state: AckState::Held,
        seq: None,
        at: Timestamp::from_millis(0),
        replaced: None,
    })
}

/// What a filter made of a message.
pub(super) fn replaced(text: &str) -> Box<Replaced> {
    let content = Content::Text(text.to_owned());
    Box::new(Replaced { by: "Guard".to_owned(), note: None, kind: Kind::Text, content, text: None })
}
