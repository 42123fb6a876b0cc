//! The chat room of the wafer SDK's example, at `/ws` with `X-WX-Id` and `X-WX-Skey`. Its client shows what comes back
//! from the server and nothing else, so the sender gets an echo of its own; and it takes any frame with an `error`
//! as the end of its session, so that only that is ever called so.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use teahouse_protocol::{
    Ack, AckState, ClientId, Content, ErrorCode, ErrorEvent, FieldError, ImageContent, Kind, MessageId, Seq,
    ServerEvent,
};

use super::{HELD_TEXT, Heard, plain_text, said, system_text, whispered};
use crate::codec::FrameBuffer;
use crate::metrics::GatewayMetrics;
use crate::refusal::bad_field;

/// Messages whose ack has not come. More are acknowledged without an echo.
const MOST_WAITING: usize = 64;
/// Begins what the encoder says to [`Echo`] and to no client: no frame of ours begins with a zero.
const SLIP: u8 = 0;

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    url: Option<String>,
}

pub(super) fn decode(text: &str, echo: Option<&mut Echo>) -> Heard {
    let object = text.trim_start().starts_with('{');
    let content = match serde_json::from_str::<Said>(text) {
        Ok(Said { url: Some(url), .. }) if object => Content::Image(picture(url)),
        Ok(Said { content: Some(content), url: None }) if object => Content::Text(content),
        Ok(_) if object => return Heard::Refused(bad_field(FieldError::new("content", "is missing"))),
        _ => return Heard::Refused(ErrorEvent::new(ErrorCode::BadJson)),
    };
    let id = ClientId::new(&MessageId::generate().to_string()).ok();
    let heard = said(content.clone(), id.clone());
    if let (Heard::Frame(_), Some(echo), Some(id)) = (&heard, echo, id) {
        echo.expect(id, content);
    }
    heard
}

fn picture(url: String) -> ImageContent {
    ImageContent { url: Some(url), media: None, width: None, height: None, alt: None }
}

/// A message as the example shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bubble<'a> {
    avatar_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gallery: bool,
    r#type: &'static str,
    id: Seq,
    number: u64,
}

#[derive(Serialize)]
struct System {
    r#type: &'static str,
    num: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
}

/// The long name is what the wafer SDKs look for to tell their server's words from others'.
#[derive(Serialize)]
struct SessionOver {
    #[serde(rename = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A")]
    magic: u8,
    error: &'static str,
    message: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Slip {
    id: ClientId,
    seq: Seq,
    /// What a filter made of it: kind, and content as it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<(Kind, String)>,
}

pub(super) fn encode(event: &ServerEvent, buffer: &mut FrameBuffer, online: u64) -> Option<Bytes> {
    match event {
        ServerEvent::Msg(message) => {
            let text = message.text.as_deref();
            let avatar = message.sender.avatar.as_deref();
            buffer.json(&bubble(message.content.as_ref()?, text, avatar, "remote", message.seq, online))
        }
        ServerEvent::Ack(ack) if ack.state == AckState::Held => {
            buffer.json(&system(online, Some(HELD_TEXT.to_owned())))
        }
        ServerEvent::Ack(ack) => slip(ack),
        ServerEvent::Ephemeral(ephemeral) => buffer.json(&system(online, Some(whispered(ephemeral)))),
        ServerEvent::Joined(joined) => buffer.json(&system(joined.members_online as u64, None)),
        ServerEvent::Notice(notice) => buffer.json(&system(online, Some(notice.text.clone()))),
        ServerEvent::Error(error) => match error.code {
            ErrorCode::SessionExpired | ErrorCode::SessionRequired => buffer.json(&session_over()),
            _ => buffer.json(&system(online, Some(system_text(error)))),
        },
        ServerEvent::Hello(_)
        | ServerEvent::Pong { .. }
        | ServerEvent::Left { .. }
        | ServerEvent::Heads(_)
        | ServerEvent::Edited(_)
        | ServerEvent::Recalled(_)
        | ServerEvent::Reaction(_)
        | ServerEvent::Receipt(_)
        | ServerEvent::Typing { .. }
        | ServerEvent::Presence { .. }
        | ServerEvent::Member(_)
        | ServerEvent::Room(_)
        | ServerEvent::Waiting { .. }
        | ServerEvent::Gap { .. } => None,
    }
}

fn bubble<'a>(
    content: &'a Content,
    text: Option<&str>,
    avatar: Option<&'a str>,
    r#type: &'static str,
    id: Seq,
    number: u64,
) -> Bubble<'a> {
    let url = if let Content::Image(image) = content { image.url.as_deref() } else { None };
    let content = url.is_none().then(|| plain_text(Some(content), text));
    let avatar_url = avatar.unwrap_or_default();
    Bubble { avatar_url, content, url, gallery: url.is_some(), r#type, id, number }
}

const fn system(num: u64, notice: Option<String>) -> System {
    System { r#type: "system", num, notice }
}

const fn session_over() -> SessionOver {
    SessionOver { magic: 1, error: "ERR_INVALID_SESSION", message: ErrorCode::SessionExpired.message_zh() }
}

fn slip(ack: &Ack) -> Option<Bytes> {
    let replaced = ack.replaced.as_ref().map(|replaced| (replaced.kind, replaced.content.to_stored()));
    let words = Slip { id: ack.id.clone()?, seq: ack.seq?, replaced };
    let mut slip = vec![SLIP];
    serde_json::to_writer(&mut slip, &words).ok()?;
    Some(slip.into())
}

/// What one client sent and has not been shown yet.
pub(crate) struct Echo {
    avatar: Option<String>,
    metrics: Arc<GatewayMetrics>,
    waiting: VecDeque<(ClientId, Content)>,
}

impl Echo {
    pub(crate) const fn new(avatar: Option<String>, metrics: Arc<GatewayMetrics>) -> Self {
        Self { avatar, metrics, waiting: VecDeque::new() }
    }

    fn expect(&mut self, id: ClientId, content: Content) {
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((id, content));
    }

    /// Puts the client's own words in the place of the acks among `frames`, in the order of the room.
    pub(crate) fn fill_in(&mut self, frames: &mut Vec<Bytes>) {
        frames.retain_mut(|frame| match frame.split_first() {
            Some((&SLIP, slip)) => match self.own(slip) {
                Some(echo) => {
                    *frame = echo;
                    true
                }
                None => false,
            },
            _ => true,
        });
    }

    fn own(&mut self, slip: &[u8]) -> Option<Bytes> {
        let Slip { id, seq, replaced } = serde_json::from_slice(slip).ok()?;
        let at = self.waiting.iter().position(|(waiting, _)| *waiting == id)?;
        let (_, said) = self.waiting.remove(at)?;
        let content =
            replaced.and_then(|(kind, content)| Content::from_stored(kind, content)).unwrap_or(said);
        let online = self.metrics.open();
        let bubble = bubble(&content, None, self.avatar.as_deref(), "user", seq, online);
        FrameBuffer::default().json(&bubble)
    }
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::{ClientFrame, Timestamp};

    use super::*;
    use crate::dialect::samples;

    const MAGIC: &str = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A";

    fn echo() -> Echo {
        Echo::new(Some("https://a.example/me.png".to_owned()), Arc::default())
    }

    fn ack_of(heard: &Heard, seq: i64) -> Bytes {
        let Heard::Frame(ClientFrame::Msg(draft)) = heard else { panic!("{heard:?}") };
        let ack = Ack {
            id: draft.client_id.clone(),
            message: MessageId::generate(),
            state: AckState::Sent,
            seq: Seq::new(seq),
            at: Timestamp::from_millis(0),
            replaced: None,
        };
        encode(&ServerEvent::Ack(ack), &mut FrameBuffer::default(), 1).unwrap()
    }

    #[test]
    fn the_sender_sees_its_own_words_where_the_ack_stands() {
        let mut echo = echo();
        let first = decode(r#"{"content":"你好"}"#, Some(&mut echo));
        let second = decode(r#"{"url":"https://a.example/x.png","gallery":true}"#, Some(&mut echo));
        let other = encode(&samples::text("hi"), &mut FrameBuffer::default(), 3).unwrap();
        let mut frames = vec![ack_of(&first, 7), other, ack_of(&second, 9)];
        echo.fill_in(&mut frames);
        let [mine, other, picture] = &frames[..] else { panic!("{frames:?}") };
        let mine = samples::json(Some(mine.clone()));
        assert_eq!(mine["type"].as_str(), Some("user"));
        assert_eq!((mine["content"].as_str(), mine["id"].as_i64()), (Some("你好"), Some(7)));
        assert_eq!(mine["avatarUrl"].as_str(), Some("https://a.example/me.png"));
        assert_eq!(samples::json(Some(other.clone()))["type"].as_str(), Some("remote"));
        let picture = samples::json(Some(picture.clone()));
        assert_eq!(picture["url"].as_str(), Some("https://a.example/x.png"));
        assert_eq!(picture["gallery"].as_bool(), Some(true));
        assert!(echo.waiting.is_empty());
    }

    #[test]
    fn the_sender_sees_what_a_filter_made_of_it_or_that_it_waits() {
        let mut echo = echo();
        let said = decode(r#"{"content":"rude"}"#, Some(&mut echo));
        let Heard::Frame(ClientFrame::Msg(draft)) = &said else { panic!("{said:?}") };
        let ack = Ack {
            id: draft.client_id.clone(),
            message: MessageId::generate(),
            state: AckState::Sent,
            seq: Seq::new(7),
            at: Timestamp::from_millis(0),
            replaced: Some(samples::replaced("kind")),
        };
        let mut buffer = FrameBuffer::default();
        let mut frames = vec![encode(&ServerEvent::Ack(ack), &mut buffer, 1).unwrap()];
        echo.fill_in(&mut frames);
        assert_eq!(samples::json(frames.pop())["content"].as_str(), Some("kind"));
        let held = samples::json(encode(&samples::held(), &mut buffer, 1));
        assert_eq!(held["notice"].as_str(), Some(HELD_TEXT));
        let whisper = samples::json(encode(&samples::whisper("hi"), &mut buffer, 1));
        assert_eq!(whisper["notice"].as_str(), Some("茶博士: hi"));
    }

    #[test]
    fn an_ack_of_something_else_is_not_shown() {
        let ack = Ack {
            id: ClientId::new("x").ok(),
            message: MessageId::generate(),
            state: AckState::Sent,
            seq: Some(Seq::ZERO),
            at: Timestamp::from_millis(0),
            replaced: None,
        };
        let mut frames = vec![slip(&ack).unwrap()];
        echo().fill_in(&mut frames);
        assert!(frames.is_empty());
    }

    #[test]
    fn only_the_end_of_the_session_is_called_an_error() {
        let mut buffer = FrameBuffer::default();
        let mut json =
            |code| samples::json(encode(&ServerEvent::Error(ErrorEvent::new(code)), &mut buffer, 5));
        for code in ErrorCode::ALL {
            let over = matches!(code, ErrorCode::SessionExpired | ErrorCode::SessionRequired);
            let frame = json(*code);
            assert_eq!(frame.get("error").is_some(), over, "{code}");
            assert_eq!(frame.get(MAGIC).is_some(), over, "{code}");
        }
        assert_eq!(json(ErrorCode::Muted)["num"].as_u64(), Some(5));
    }

    #[test]
    fn nonsense_is_refused_and_expects_no_echo() {
        let mut echo = echo();
        for text in
            ["", "[]", "hi", "{}", r#"{"content":5}"#, r#"{"content":""}"#, r#"{"url":"javascript:1"}"#]
        {
            assert!(matches!(decode(text, Some(&mut echo)), Heard::Refused(_)), "{text}");
        }
        assert!(echo.waiting.is_empty());
    }
}
