//! The uni-app tutorial's client, at `/?token=…`: it pastes what was typed between quotes without escaping it, shows
//! `msg` frames with a `content`, and nothing else.

use bytes::Bytes;
use serde::Serialize;
use teahouse_protocol::{AckState, ClientFrame, ErrorCode, FrameError, Message, ServerEvent};

use super::{HELD_TEXT, Heard, plain_text, say, system_text, whispered};
use crate::codec::FrameBuffer;
use crate::refusal::bad_frame;

const BEFORE_TEXT: &str = r#"{"type":"msg","content":""#;
const AFTER_TEXT: &str = r#""}"#;

pub(super) fn decode(text: &str) -> Heard {
    match ClientFrame::parse(text) {
        Ok(frame) => Heard::Frame(frame),
        // A quote, a backslash or a line break in the text, or even a second `type`: what was typed is what stands
        // between the tutorial's own words.
        Err(error @ FrameError::BadJson(_)) => match pasted(text) {
            Some(typed) => say(typed),
            None => Heard::Refused(bad_frame(error)),
        },
        Err(error) => Heard::Refused(bad_frame(error)),
    }
}

fn pasted(text: &str) -> Option<&str> {
    text.strip_prefix(BEFORE_TEXT)?.strip_suffix(AFTER_TEXT)
}

/// A message as the tutorial reads it: `content` is always text. The rest is for those who look further.
#[derive(Serialize)]
struct Bubble<'a> {
    r#type: &'static str,
    id: teahouse_protocol::MessageId,
    room: teahouse_protocol::RoomId,
    seq: teahouse_protocol::Seq,
    sender: &'a teahouse_protocol::Sender,
    kind: teahouse_protocol::Kind,
    content: String,
    at: teahouse_protocol::Timestamp,
}

/// Something from the server itself.
#[derive(Serialize)]
struct SystemBubble {
    r#type: &'static str,
    content: String,
    system: bool,
}

pub(super) fn encode(event: &ServerEvent, buffer: &mut FrameBuffer) -> Option<Bytes> {
    match event {
        ServerEvent::Msg(message) => buffer.json(&bubble(message)),
        ServerEvent::Notice(notice) => buffer.json(&system_bubble(format!("[系统] {}", notice.text))),
        ServerEvent::Error(error) if is_for_the_person(error.code) => {
            let frame = buffer.json(event)?;
            let shown = buffer.json(&system_bubble(system_text(error)))?;
            Some([frame, shown].concat().into())
        }
        ServerEvent::Ephemeral(ephemeral) => buffer.json(&system_bubble(whispered(ephemeral))),
        ServerEvent::Ack(ack) if ack.state == AckState::Held => {
            let frame = buffer.json(event)?;
            let shown = buffer.json(&system_bubble(HELD_TEXT.to_owned()))?;
            Some([frame, shown].concat().into())
        }
        ServerEvent::Error(_)
        | ServerEvent::Hello(_)
        | ServerEvent::Pong { .. }
        | ServerEvent::Ack(_)
        | ServerEvent::Joined(_)
        | ServerEvent::Left { .. }
        | ServerEvent::Heads(_)
        | ServerEvent::Gap { .. } => buffer.json(event),
        ServerEvent::Edited(_)
        | ServerEvent::Recalled(_)
        | ServerEvent::Reaction(_)
        | ServerEvent::Receipt(_)
        | ServerEvent::Typing { .. }
        | ServerEvent::Presence { .. }
        | ServerEvent::Member(_)
        | ServerEvent::Room(_)
        | ServerEvent::Waiting { .. } => None,
    }
}

fn bubble(message: &Message) -> Bubble<'_> {
    Bubble {
        r#type: "msg",
        id: message.id,
        room: message.room,
        seq: message.seq,
        sender: &message.sender,
        kind: message.kind,
        content: plain_text(message.content.as_ref(), message.text.as_deref()),
        at: message.at,
    }
}

const fn system_bubble(content: String) -> SystemBubble {
    SystemBubble { r#type: "msg", content, system: true }
}

/// Errors are invisible in this client: those that a person, not a developer, has to know are also shown.
const fn is_for_the_person(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::InvalidField
            | ErrorCode::NotAllowed
            | ErrorCode::NotAMember
            | ErrorCode::Muted
            | ErrorCode::Banned
            | ErrorCode::Rejected
            | ErrorCode::ApprovalRequired
            | ErrorCode::RateLimited
            | ErrorCode::SessionExpired
            | ErrorCode::SessionRequired
            | ErrorCode::Unavailable
            | ErrorCode::StorageFull
    )
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::{Content, ErrorEvent};

    use super::*;
    use crate::dialect::samples;

    #[track_caller]
    fn says(frame: &str, typed: &str) {
        match decode(frame) {
            Heard::Frame(ClientFrame::Msg(draft)) => {
                assert_eq!(draft.content, Content::Text(typed.to_owned()));
            }
            other => panic!("{frame}: {other:?}"),
        }
    }

    fn pasted(typed: &str) -> String {
        format!(r#"{{"type":"msg","content":"{typed}"}}"#)
    }

    #[test]
    fn what_was_pasted_into_json_is_taken_as_it_was_typed() {
        for typed in [
            "two cups, please",
            r#"he said "hi""#,
            "a\nb\tc",
            r"ends with \",
            r"\q",
            r#"x","type":"ping"#,
            r#"x","type":"msg","content":"y"#,
        ] {
            says(&pasted(typed), typed);
        }
        says(&pasted(r#"say \"hi\""#), r#"say "hi""#);
    }

    #[test]
    fn what_is_neither_json_nor_pasted_is_refused_once() {
        for text in ["hello", "{", r#"{"type":"msg","content":"x"#, r#"{"content":"x"y"}"#] {
            let Heard::Refused(error) = decode(text) else { panic!("{text}") };
            assert_eq!(error.code, ErrorCode::BadJson);
        }
        assert!(matches!(decode(&pasted("  \"")), Heard::Frame(_)));
        assert!(matches!(
            decode(&pasted("  \n ")),
            Heard::Refused(ErrorEvent { code: ErrorCode::InvalidField, .. })
        ));
    }

    #[test]
    fn its_ping_is_ours() {
        assert_eq!(decode(r#"{"type":"ping"}"#), Heard::Frame(ClientFrame::Ping { id: None }));
    }

    #[test]
    fn every_message_has_its_content_as_text() {
        let frame = samples::json(encode(&samples::text("你好"), &mut FrameBuffer::default()));
        assert_eq!((frame["type"].as_str(), frame["content"].as_str()), (Some("msg"), Some("你好")));
        let frame = samples::json(encode(&samples::picture(), &mut FrameBuffer::default()));
        assert_eq!(frame["content"].as_str(), Some("[图片]"));
    }

    #[track_caller]
    fn shown_after_the_frame(event: &ServerEvent) -> serde_json::Value {
        let frames = encode(event, &mut FrameBuffer::default()).unwrap();
        let header = if frames[1] < 126 { 2 } else { 4 };
        let length = if header == 2 {
            usize::from(frames[1])
        } else {
            usize::from(frames[2]) << 8 | usize::from(frames[3])
        };
        let rest = &frames[header + length..];
        serde_json::from_slice(&rest[2..]).unwrap()
    }

    #[test]
    fn a_person_sees_that_a_message_waits_and_why_one_was_refused() {
        let shown = shown_after_the_frame(&samples::held());
        assert_eq!(shown["content"].as_str(), Some("[系统] 消息正在等待审核。"));
        let reason = Some("请勿刷屏".to_owned());
        let refused = ErrorEvent { reason, ..ErrorEvent::new(ErrorCode::Rejected) };
        let shown = shown_after_the_frame(&ServerEvent::Error(refused));
        assert_eq!(shown["content"].as_str(), Some("[系统] 请勿刷屏"));
        let whisper = samples::json(encode(&samples::whisper("你好"), &mut FrameBuffer::default()));
        assert_eq!(
            (whisper["type"].as_str(), whisper["content"].as_str()),
            (Some("msg"), Some("茶博士: 你好"))
        );
    }

    #[test]
    fn a_person_sees_why_nothing_was_sent() {
        let event = ServerEvent::Error(ErrorEvent::new(ErrorCode::Muted));
        let frames = encode(&event, &mut FrameBuffer::default()).unwrap();
        let first = 2 + usize::from(frames[1]);
        let shown: serde_json::Value = serde_json::from_slice(&frames[first + 2..]).unwrap();
        assert_eq!(shown["content"].as_str(), Some("[系统] 你已被禁言。"));
        assert_eq!(shown["system"].as_bool(), Some(true));
    }
}
