//! What a client may send: one JSON object a text frame, named by `type`.
//!
//! The object is read into borrowed raw values first and into types field by field, so that an error names the
//! field, and so that the hot frame (`msg`) costs no intermediate tree.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ClientId, Content, Emoji, FieldError, Kind, MessageId, RoomId, Seq, UserId, once_put};

/// The most events that one `join` brings; more are paged by REST.
pub const MAX_RESUME: u16 = 500;
/// The most rooms that one `listen` may name.
pub const MAX_LISTEN_ROOMS: usize = 500;
/// The most people that one message may mention.
pub const MAX_MENTIONS: usize = 50;
const MAX_PRESENCE: usize = 200;
/// A button's id has at most [`crate::MAX_TEXT_CHARS`] characters, of at most four bytes each.
const MAX_BUTTON_ID_BYTES: usize = 4 * crate::MAX_TEXT_CHARS;

/// A frame from a client, its fields checked.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientFrame {
    /// A sign of life.
    Ping {
        /// Comes back in the `pong`.
        id: Option<ClientId>,
    },
    /// Listen to a room, and get what was missed.
    Join(Join),
    /// Stop listening to a room.
    Leave {
        /// The room.
        room: RoomId,
    },
    /// Listen to many rooms.
    Listen(Listen),
    /// Say something.
    Msg(Draft),
    /// Change what was said.
    Edit {
        /// Comes back in the `ack`.
        id: Option<ClientId>,
        /// The message.
        message: MessageId,
        /// Its new content as the client wrote it; the message's kind says how to read it.
        content: String,
        /// Who is meant from now on; absent: as before.
        mentions: Option<Vec<UserId>>,
    },
    /// Take back what was said.
    Recall {
        /// Comes back in the `ack`.
        id: Option<ClientId>,
        /// The message.
        message: MessageId,
    },
    /// Put an emoji to a message.
    React {
        /// Comes back in the `ack`.
        id: Option<ClientId>,
        /// The message.
        message: MessageId,
        /// The emoji.
        emoji: Emoji,
    },
    /// Take an emoji away.
    Unreact {
        /// Comes back in the `ack`.
        id: Option<ClientId>,
        /// The message.
        message: MessageId,
        /// What was put, in each form that it may have.
        forms: Vec<String>,
    },
    /// Press a button of a bot's card.
    Press {
        /// Comes back in the `ack`; the same id again is the same press.
        id: Option<ClientId>,
        /// The card's message.
        message: MessageId,
        /// The button's id.
        button: String,
    },
    /// I have read up to here.
    Read {
        /// The room.
        room: RoomId,
        /// The last event read.
        seq: Seq,
    },
    /// I am writing.
    Typing {
        /// The room.
        room: RoomId,
    },
    /// Who of these is there?
    Presence {
        /// At most 200.
        users: Vec<UserId>,
    },
}

/// Listen to a room, and get what was missed.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The room.
    pub room: RoomId,
    /// The last event that the client has; absent: it wants only what comes.
    pub since: Option<Seq>,
    /// The most missed events to bring, at most [`MAX_RESUME`].
    pub limit: u16,
}

/// Which rooms to listen to.
#[derive(Clone, Debug, PartialEq)]
pub enum Listen {
    /// All that I am a member of, now and later.
    All,
    /// These.
    Rooms(Vec<RoomId>),
}

/// A message not yet accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The client's own id; without one the message is not idempotent.
    pub client_id: Option<ClientId>,
    /// The room; absent: the connection's current one.
    pub room: Option<RoomId>,
    /// What is said.
    pub content: Content,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// Who is meant.
    pub mentions: Vec<UserId>,
}

/// Why a frame was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No JSON, no object, or a key twice.
    #[error("not a JSON object: {0}")]
    BadJson(String),
    /// `type` is missing or unknown.
    #[error("unknown type {0:?}")]
    UnknownType(String),
    /// A field is missing or wrong.
    #[error("{error}")]
    Field {
        /// The frame's `id`, where it could be read, so that the client can match the answer.
        id: Option<ClientId>,
        /// Which field, and what would be right.
        error: FieldError,
    },
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    kind_of_frame: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    reply_to: Option<&'a RawValue>,
    #[serde(borrow)]
    mentions: Option<&'a RawValue>,
    #[serde(borrow)]
    since: Option<&'a RawValue>,
    #[serde(borrow)]
    limit: Option<&'a RawValue>,
    #[serde(borrow)]
    rooms: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    emoji: Option<&'a RawValue>,
    #[serde(borrow)]
    seq: Option<&'a RawValue>,
    #[serde(borrow)]
    users: Option<&'a RawValue>,
    #[serde(borrow)]
    button: Option<&'a RawValue>,
}

impl ClientFrame {
    /// Reads one text frame.
    ///
    /// # Errors
    /// [`FrameError`] says what is wrong and, where it could be read, for which `id`.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        // An array would be read as the struct's fields in order: only an object is a frame.
        if !text.trim_start().starts_with('{') {
            return Err(FrameError::BadJson("expected an object".to_owned()));
        }
        let fields: Fields<'_> =
            serde_json::from_str(text).map_err(|error| FrameError::BadJson(error.to_string()))?;
        let word = fields.word()?;
        // The id is read first, so that an error in another field can name the frame.
        let id = fields.client_id().map_err(|error| FrameError::Field { id: None, error })?;
        let frame = match word.as_ref() {
            "msg" => fields.draft(id.clone()).map(Self::Msg),
            "ping" => Ok(Self::Ping { id: id.clone() }),
            "join" => fields.join().map(Self::Join),
            "leave" => required("room", fields.room).map(|room| Self::Leave { room }),
            "listen" => fields.listen().map(Self::Listen),
            "edit" => fields.edit(id.clone()),
            "recall" => {
                required("message", fields.message).map(|message| Self::Recall { id: id.clone(), message })
            }
            "react" => fields.react(id.clone()),
            "unreact" => fields.unreact(id.clone()),
            "press" => fields.press(id.clone()),
            "read" => fields.read(),
            "typing" => required("room", fields.room).map(|room| Self::Typing { room }),
            "presence" => fields.presence(),
            _ => return Err(FrameError::UnknownType(unknown_word(&word))),
        };
        frame.map_err(|error| FrameError::Field { id, error })
    }
}

/// As much as its sender needs to know it again.
fn unknown_word(word: &str) -> String {
    crate::cut(word, 64).to_owned()
}

impl<'a> Fields<'a> {
    fn word(&self) -> Result<Cow<'a, str>, FrameError> {
        let Some(raw) = self.kind_of_frame else { return Err(FrameError::UnknownType(String::new())) };
        text(raw).ok_or_else(|| FrameError::UnknownType(unknown_word(raw.get())))
    }

    fn client_id(&self) -> Result<Option<ClientId>, FieldError> {
        optional("id", self.id)
    }

    fn draft(&self, client_id: Option<ClientId>) -> Result<Draft, FieldError> {
        let kind = match self.kind {
            None => Kind::Text,
            Some(raw) => text(raw)
                .and_then(|word| Kind::from_word(&word))
                .ok_or_else(|| FieldError::new("kind", "unknown kind of message"))?,
        };
        let content = self.content.ok_or_else(|| FieldError::new("content", "is missing"))?;
        let mentions = self.mentions()?.unwrap_or_default();
        Ok(Draft {
            client_id,
            room: optional("room", self.room)?,
            content: Content::from_json(kind, content.get())?,
            reply_to: optional("reply_to", self.reply_to)?,
            mentions,
        })
    }

    fn join(&self) -> Result<Join, FieldError> {
        let limit = optional::<u64>("limit", self.limit)?.unwrap_or(u64::from(MAX_RESUME));
        if limit == 0 || limit > u64::from(MAX_RESUME) {
            return Err(FieldError::new("limit", format!("must be from 1 to {MAX_RESUME}")));
        }
        Ok(Join {
            room: required("room", self.room)?,
            since: optional("since", self.since)?,
            limit: u16::try_from(limit).unwrap_or(MAX_RESUME),
        })
    }

    fn listen(&self) -> Result<Listen, FieldError> {
        let wrong = || FieldError::new("rooms", "must be \"all\" or a list of room ids");
        let raw = self.rooms.ok_or_else(wrong)?;
        if let Some(word) = text(raw) {
            return if word == "all" { Ok(Listen::All) } else { Err(wrong()) };
        }
        let rooms: Vec<RoomId> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
        at_most("rooms", rooms.len(), MAX_LISTEN_ROOMS)?;
        Ok(Listen::Rooms(rooms))
    }

    fn edit(&self, id: Option<ClientId>) -> Result<ClientFrame, FieldError> {
        let message = required("message", self.message)?;
        let content = self.content.ok_or_else(|| FieldError::new("content", "is missing"))?;
        Ok(ClientFrame::Edit { id, message, content: content.get().to_owned(), mentions: self.mentions()? })
    }

    fn mentions(&self) -> Result<Option<Vec<UserId>>, FieldError> {
        let mentions: Option<Vec<UserId>> = optional("mentions", self.mentions)?;
        at_most("mentions", mentions.as_ref().map_or(0, Vec::len), MAX_MENTIONS)?;
        Ok(mentions)
    }

    fn react(&self, id: Option<ClientId>) -> Result<ClientFrame, FieldError> {
        let message = required("message", self.message)?;
        let emoji: String = required("emoji", self.emoji)?;
        Ok(ClientFrame::React { id, message, emoji: Emoji::new(&emoji)? })
    }

    fn unreact(&self, id: Option<ClientId>) -> Result<ClientFrame, FieldError> {
        let message = required("message", self.message)?;
        let emoji: String = required("emoji", self.emoji)?;
        Ok(ClientFrame::Unreact { id, message, forms: once_put(&emoji)? })
    }

    fn press(&self, id: Option<ClientId>) -> Result<ClientFrame, FieldError> {
        let message = required("message", self.message)?;
        let button: String = required("button", self.button)?;
        if button.is_empty() || button.len() > MAX_BUTTON_ID_BYTES {
            return Err(FieldError::new("button", "must be the id of one of the card's buttons"));
        }
        Ok(ClientFrame::Press { id, message, button })
    }

    fn read(&self) -> Result<ClientFrame, FieldError> {
        Ok(ClientFrame::Read { room: required("room", self.room)?, seq: required("seq", self.seq)? })
    }

    fn presence(&self) -> Result<ClientFrame, FieldError> {
        let users: Vec<UserId> = required("users", self.users)?;
        at_most("users", users.len(), MAX_PRESENCE)?;
        Ok(ClientFrame::Presence { users })
    }
}

fn at_most(field: &str, count: usize, max: usize) -> Result<(), FieldError> {
    if count > max { Err(FieldError::new(field, format!("must be at most {max}"))) } else { Ok(()) }
}

/// The text of a JSON string, without a copy where it holds no escapes.
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(json).ok().map(Cow::Owned),
        None => None,
    }
}

fn optional<'a, T: Deserialize<'a>>(field: &str, raw: Option<&'a RawValue>) -> Result<Option<T>, FieldError> {
    match raw {
        None => Ok(None),
        Some(raw) => serde_json::from_str(raw.get()).map_err(|error| FieldError::new(field, reason(&error))),
    }
}

fn required<'a, T: Deserialize<'a>>(field: &str, raw: Option<&'a RawValue>) -> Result<T, FieldError> {
    optional(field, raw)?.ok_or_else(|| FieldError::new(field, "is missing"))
}

/// serde's reason without its position, which would count from the field and not from the frame.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
