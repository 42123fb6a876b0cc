//! The WePY tutorial's client, at `/`: `{"data":"…"}` both ways, without a name, a ping or a try around its parser.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use teahouse_protocol::{AckState, ErrorCode, ErrorEvent, FieldError, ServerEvent};

use super::{HELD_TEXT, Heard, plain_text, say, system_text};
use crate::codec::FrameBuffer;
use crate::refusal::bad_field;

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    data: Value,
}

pub(super) fn decode(text: &str) -> Heard {
    // An array would be read as the struct's fields in order.
    let said = if text.trim_start().starts_with('{') { serde_json::from_str(text).ok() } else { None };
    let Some(Said { data }) = said else {
        return Heard::Refused(ErrorEvent::new(ErrorCode::BadJson));
    };
    match data {
        // It sends whatever is in its input, even nothing.
        Value::Null => Heard::Nothing,
        Value::String(typed) if typed.trim().is_empty() => Heard::Nothing,
        Value::String(typed) => say(&typed),
        Value::Number(number) => say(&number.to_string()),
        Value::Bool(word) => say(&word.to_string()),
        Value::Array(_) | Value::Object(_) => {
            Heard::Refused(bad_field(FieldError::new("data", "must be a string")))
        }
    }
}

/// A line; `data` is what the client shows.
#[derive(Serialize)]
struct Line<'a> {
    data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorCode>,
}

pub(super) fn encode(event: &ServerEvent, buffer: &mut FrameBuffer) -> Option<Bytes> {
    let line = match event {
        ServerEvent::Msg(message) => Line {
            data: plain_text(message.content.as_ref(), message.text.as_deref()),
            sender: Some(&message.sender.name),
            error: None,
        },
        ServerEvent::Notice(notice) => {
            Line { data: format!("[系统] {}", notice.text), sender: None, error: None }
        }
        ServerEvent::Error(error) => Line { data: system_text(error), sender: None, error: Some(error.code) },
        ServerEvent::Ephemeral(ephemeral) => Line {
            data: plain_text(Some(&ephemeral.content), ephemeral.text.as_deref()),
            sender: Some(&ephemeral.sender.name),
            error: None,
        },
        ServerEvent::Ack(ack) if ack.state == AckState::Held => {
            Line { data: HELD_TEXT.to_owned(), sender: None, error: None }
        }
        ServerEvent::Hello(_)
        | ServerEvent::Pong { .. }
        | ServerEvent::Joined(_)
        | ServerEvent::Left { .. }
        | ServerEvent::Heads(_)
        | ServerEvent::Ack(_)
        | ServerEvent::Edited(_)
        | ServerEvent::Recalled(_)
        | ServerEvent::Reaction(_)
        | ServerEvent::Receipt(_)
        | ServerEvent::Typing { .. }
        | ServerEvent::Presence { .. }
        | ServerEvent::Member(_)
        | ServerEvent::Room(_)
        | ServerEvent::Waiting { .. }
        | ServerEvent::Gap { .. } => return None,
    };
    buffer.json(&line)
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::{ClientFrame, Content};

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

    #[test]
    fn what_can_be_text_is_said() {
        says(r#"{"data":"你好"}"#, "你好");
        says(r#"{"data":5}"#, "5");
        says(r#"{"data":true}"#, "true");
    }

    #[test]
    fn nothing_is_ignored_and_nonsense_refused() {
        for nothing in [r#"{"data":""}"#, r#"{"data":" "}"#, r#"{"data":null}"#, "{}"] {
            assert_eq!(decode(nothing), Heard::Nothing, "{nothing}");
        }
        for nonsense in ["hi", "[]", r#"["a"]"#, r#"{"data":[]}"#, r#"{"data":{}}"#, "", "null"] {
            assert!(matches!(decode(nonsense), Heard::Refused(_)), "{nonsense}");
        }
    }

    #[test]
    fn it_gets_objects_with_data_and_nothing_else() {
        let mut buffer = FrameBuffer::default();
        let line = samples::json(encode(&samples::text("你好"), &mut buffer));
        assert_eq!(line["data"].as_str(), Some("你好"));
        let error = ServerEvent::Error(ErrorEvent::new(ErrorCode::BadJson));
        let line = samples::json(encode(&error, &mut buffer));
        assert_eq!(line["data"].as_str(), Some("[系统] 内容不是有效的 JSON。"));
        assert_eq!(line["error"].as_str(), Some("bad_json"));
        assert_eq!(encode(&ServerEvent::Pong { id: None }, &mut buffer), None);
        let line = samples::json(encode(&samples::whisper("hi"), &mut buffer));
        assert_eq!((line["data"].as_str(), line["sender"].as_str()), (Some("hi"), Some("茶博士")));
        let line = samples::json(encode(&samples::held(), &mut buffer));
        assert_eq!(line["data"].as_str(), Some("[系统] 消息正在等待审核。"));
    }
}
