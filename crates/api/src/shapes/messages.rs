//! Messages and the room's log.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use poem_openapi::{Object, Union};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use teahouse_chat::{EventsPage as ChatEvents, HistoryPage};
use teahouse_protocol::{
    AckState, ClientId, Content, Draft, Edited, FieldError, Kind, MAX_MENTIONS, MemberEvent, Message,
    MessageId, Reaction, Recalled, RoomEvent, RoomId, Seq, ServerEvent, Timestamp, UserId,
};

use crate::page::Next;

/// Something to say.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct SendMessage {
    /// The client's own id of the message, best a UUIDv7: sending it again makes no second message.
    client_id: Option<ClientId>,
    /// What it is; left out: text.
    #[serde(default)]
    #[oai(default)]
    kind: Kind,
    /// A string for text, for every other kind an object of that kind.
    content: AnyContent,
    /// The message that this one answers.
    reply_to: Option<MessageId>,
    /// Who is meant.
    #[serde(default)]
    #[oai(default, validator(max_items = 50))]
    mentions: Vec<UserId>,
}

impl SendMessage {
    /// The draft for `room`, its content read as what its kind says.
    pub(crate) fn into_draft(self, room: RoomId) -> Result<Draft, FieldError> {
        at_most(&self.mentions)?;
        Ok(Draft {
            client_id: self.client_id,
            room: Some(room),
            content: Content::from_json(self.kind, self.content.json())?,
            reply_to: self.reply_to,
            mentions: self.mentions,
        })
    }
}

/// A message's new content, of the kind that it has.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct EditMessage {
    /// A string for text, for every other kind an object of that kind.
    pub(crate) content: AnyContent,
    /// Who is meant from now on; left out: as before.
    #[oai(validator(max_items = 50))]
    mentions: Option<Vec<UserId>>,
}

impl EditMessage {
    /// Who is meant from now on, where that is said.
    pub(crate) fn mentions(&mut self) -> Result<Option<Vec<UserId>>, FieldError> {
        let mentions = self.mentions.take();
        at_most(mentions.as_deref().unwrap_or_default())?;
        Ok(mentions)
    }
}

fn at_most(mentions: &[UserId]) -> Result<(), FieldError> {
    if mentions.len() > MAX_MENTIONS {
        return Err(FieldError::new("mentions", format!("must be at most {MAX_MENTIONS}")));
    }
    Ok(())
}

/// A message, or an edit of one, that waits for the room's moderators. What they decide comes as a `notice`.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct HeldMessage {
    /// The message's id, which it keeps when it is let through.
    id: MessageId,
    /// The client's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    /// Where it waits.
    room: RoomId,
    /// Always `held`.
    state: AckState,
    /// When it was sent.
    at: Timestamp,
}

impl From<Message> for HeldMessage {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            client_id: message.client_id,
            room: message.room,
            state: AckState::Held,
            at: message.at,
        }
    }
}

/// Content whose kind is said elsewhere: kept as it was written until the kind is known.
#[derive(Debug)]
pub(crate) struct AnyContent(Box<RawValue>);

impl AnyContent {
    pub(crate) fn json(&self) -> &str {
        self.0.get()
    }
}

impl<'de> Deserialize<'de> for AnyContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

/// In the document it is what it will be: a [`Content`].
impl Type for AnyContent {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Content::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        Content::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Content::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for AnyContent {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.ok_or_else(ParseError::expected_input)?;
        Ok(Self(serde_json::value::to_raw_value(&value)?))
    }
}

impl ToJSON for AnyContent {
    fn to_json(&self) -> Option<Value> {
        serde_json::from_str(self.json()).ok()
    }
}

/// How far I have read.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct ReadUpTo {
    /// The last event read.
    pub(crate) seq: Seq,
}

/// Some messages of a room, in order of `seq`, as they are now.
#[derive(Debug, Serialize, Object)]
pub(crate) struct MessagePage {
    /// Older before newer.
    items: Vec<Message>,
    /// Goes into `after` for those that follow; null: there are none.
    next: Next<Seq>,
    /// Goes into `before` for those that go before; null: there are none.
    prev: Next<Seq>,
}

impl From<HistoryPage> for MessagePage {
    fn from(page: HistoryPage) -> Self {
        Self { items: page.items, next: Next(page.next), prev: Next(page.prev) }
    }
}

/// Some of a room's log.
#[derive(Debug, Serialize, Object)]
pub(crate) struct EventPage {
    /// In order of `seq`, without a gap.
    items: Vec<LoggedEvent>,
    /// Goes into `after` for those that follow; null: there are none.
    next: Next<Seq>,
}

impl From<ChatEvents> for EventPage {
    fn from(page: ChatEvents) -> Self {
        Self { items: page.items.into_iter().map(LoggedEvent).collect(), next: Next(page.next) }
    }
}

/// An event of a room's log: the same frame as on the socket.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct LoggedEvent(pub(crate) ServerEvent);

/// An event of a room's log: the same frame as on the socket, named by `type`.
#[derive(Debug, Union)]
#[oai(rename = "LoggedEvent", discriminator_name = "type", one_of, rename_all = "snake_case")]
pub(crate) enum LoggedEventSchema {
    /// A message.
    Msg(Message),
    /// A message has a new content.
    Edited(Edited),
    /// A message was taken back.
    Recalled(Recalled),
    /// An emoji was put to a message, or taken away.
    Reaction(Reaction),
    /// Somebody came, went, or became something else.
    Member(MemberEvent),
    /// The room's name, announcement or mode changed.
    Room(RoomEvent),
}

impl Type for LoggedEvent {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        LoggedEventSchema::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        LoggedEventSchema::schema_ref()
    }

    fn register(registry: &mut Registry) {
        LoggedEventSchema::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for LoggedEvent {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let event = match LoggedEventSchema::parse_from_json(value).map_err(ParseError::propagate)? {
            LoggedEventSchema::Msg(event) => ServerEvent::Msg(event),
            LoggedEventSchema::Edited(event) => ServerEvent::Edited(event),
            LoggedEventSchema::Recalled(event) => ServerEvent::Recalled(event),
            LoggedEventSchema::Reaction(event) => ServerEvent::Reaction(event),
            LoggedEventSchema::Member(event) => ServerEvent::Member(event),
            LoggedEventSchema::Room(event) => ServerEvent::Room(event),
        };
        Ok(Self(event))
    }
}

impl ToJSON for LoggedEvent {
    fn to_json(&self) -> Option<Value> {
        serde_json::to_value(&self.0).ok()
    }
}
