//! The wire formats. Everything inside speaks in frames and events; only here foreign words become ours and ours
//! foreign. Each dialect has a file, with what its client needs and what it must never be sent.

mod native;
mod uniapp;
mod wafer_room;
mod wepy;

use bytes::Bytes;
use teahouse_protocol::{ClientFrame, Content, Draft, Ephemeral, ErrorEvent, ServerEvent};

use crate::codec::FrameBuffer;
use crate::refusal::bad_field;
use teahouse_chat::Dialect;

pub(crate) use self::wafer_room::Echo;

/// What a text from a client says.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// Something to be done.
    Frame(ClientFrame),
    /// Nothing, and that is no mistake.
    Nothing,
    /// What the dialect does not know.
    Refused(ErrorEvent),
}

/// Reads one text message. `echo` is there for the dialect whose client shows nothing that did not come back to it.
pub(crate) fn decode(dialect: Dialect, text: &str, echo: Option<&mut Echo>) -> Heard {
    match dialect {
        Dialect::Native => native::decode(text),
        Dialect::UniApp => uniapp::decode(text),
        Dialect::Wepy => wepy::decode(text),
        Dialect::WaferRoom => wafer_room::decode(text, echo),
    }
}

/// Writes one event; `None`: the dialect has no word for it. `online` is how many sockets are open.
pub(crate) fn encode(
    dialect: Dialect,
    event: &ServerEvent,
    buffer: &mut FrameBuffer,
    online: u64,
) -> Option<Bytes> {
    match dialect {
        Dialect::Native => buffer.json(event),
        Dialect::UniApp => uniapp::encode(event, buffer),
        Dialect::Wepy => wepy::encode(event, buffer),
        Dialect::WaferRoom => wafer_room::encode(event, buffer, online),
    }
}

/// Whether a client of this dialect asks to hear a room, or expects to hear the lobby from the start.
pub(crate) const fn hears_the_lobby(dialect: Dialect) -> bool {
    match dialect {
        Dialect::Native => false,
        Dialect::UniApp | Dialect::Wepy | Dialect::WaferRoom => true,
    }
}

/// A foreign client's text as a message to the connection's current room.
fn say(text: &str) -> Heard {
    said(Content::Text(text.to_owned()), None)
}

/// A foreign client's message to the connection's current room, its content checked like everybody's.
fn said(content: Content, client_id: Option<teahouse_protocol::ClientId>) -> Heard {
    match content.check() {
        Err(error) => Heard::Refused(bad_field(error)),
        Ok(()) => Heard::Frame(ClientFrame::Msg(Draft {
            client_id,
            room: None,
            content,
            reply_to: None,
            mentions: Vec::new(),
        })),
    }
}

/// What a message says, for a client that knows only text. Empty once it is recalled.
fn plain_text(content: Option<&Content>, text: Option<&str>) -> String {
    match (text, content) {
        (Some(text), _) => text.to_owned(),
        (None, Some(content)) => content.plain_text(),
        (None, None) => String::new(),
    }
}

/// What a person must know, in a client that shows nothing but messages. Why a filter refused something is the
/// filter's own text.
fn system_text(error: &ErrorEvent) -> String {
    let why = error.reason.as_deref().filter(|reason| !reason.is_empty());
    match why {
        Some(reason) => format!("[系统] {reason}"),
        None => format!("[系统] {}", error.code.message_zh()),
    }
}

/// What a person must know whose message waits for a moderator, in a client that knows no `held`.
const HELD_TEXT: &str = "[系统] 消息正在等待审核。";

/// What a bot tells one person alone, for a client that knows only text.
fn whispered(ephemeral: &Ephemeral) -> String {
    format!("{}: {}", ephemeral.sender.name, plain_text(Some(&ephemeral.content), ephemeral.text.as_deref()))
}

#[cfg(test)]
mod samples;
