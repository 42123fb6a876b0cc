//! What the server sends: one JSON object a text frame, named by `type`.

use serde::{Deserialize, Serialize};

use crate::{
    ClientId, Content, ErrorCode, Message, MessageId, Role, RoomId, Sender, Seq, SessionId, Timestamp,
    UserId, UserProfile,
};

/// An event. Nothing in it depends on who reads it, so that it is encoded once for all.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerEvent {
    /// The first of a connection.
    Hello(Hello),
    /// The answer to `ping`.
    Pong {
        /// The ping's.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<ClientId>,
    },
    /// The answer to `join`.
    Joined(Joined),
    /// The answer to `leave`.
    Left {
        /// The room.
        room: RoomId,
    },
    /// The answer to `listen`.
    Heads(Heads),
    /// A message. Durable.
    Msg(Message),
    /// A message was accepted, or an edit, a recall, a reaction done.
    Ack(Ack),
    /// A message has a new content. Durable.
    Edited(Edited),
    /// A message was taken back. Durable.
    Recalled(Recalled),
    /// An emoji was put to a message, or taken away. Durable.
    Reaction(Reaction),
    /// Somebody has read up to here.
    Receipt(Receipt),
    /// Somebody is writing.
    Typing {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// Who is there.
    Presence {
        /// By user id.
        users: std::collections::BTreeMap<UserId, PresenceState>,
    },
    /// Somebody came, went, or became something else. Durable.
    Member(MemberEvent),
    /// The room's name, announcement or mode changed. Durable.
    Room(RoomEvent),
    /// Something for this user alone.
    Notice(Notice),
    /// A bot's message for this user alone: it takes no number and is not kept.
    Ephemeral(Ephemeral),
    /// What waits for the moderators of a room is another than before: something more, or something decided. Only they
    /// get it.
    Waiting {
        /// The room.
        room: RoomId,
    },
    /// More was missed than a join brings: page these by REST.
    Gap {
        /// The room.
        room: RoomId,
        /// The first missing.
        from: Seq,
        /// The last missing.
        to: Seq,
    },
    /// A frame was refused, or the connection is about to end.
    Error(ErrorEvent),
}

impl ServerEvent {
    /// The event as the JSON of a text frame.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The first event of a connection: who you are, and the rules.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hello {
    /// The session.
    pub session: SessionId,
    /// The user.
    pub user: UserProfile,
    /// The server's clock.
    pub server_time: Timestamp,
    /// How often the server pings; it drops a connection silent for twice that.
    pub heartbeat_s: u64,
    /// The room that everyone is in, and where a frame without `room` goes.
    pub lobby: RoomId,
    /// What to keep below.
    pub limits: Limits,
}

/// What a client keeps below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The largest frame, in bytes.
    pub frame_bytes: usize,
    /// The longest text, in characters.
    pub text_chars: usize,
    /// Messages a second, averaged; 0: no limit.
    pub messages_per_second: u32,
    /// Messages at once; 0: no limit.
    pub message_burst: u32,
}

/// The answer to `join`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Joined {
    /// The room.
    pub room: RoomId,
    /// The newest event of its log.
    pub last_seq: Seq,
    /// How many of its members are connected to this server.
    pub members_online: usize,
    /// What I am in it; absent: no member, only a listener of a public room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Others' messages that I have not read, counted up to 1000.
    pub unread: u32,
}

/// The answer to `listen`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Heads {
    /// One for each room listened to, at most 50 a frame.
    pub rooms: Vec<Head>,
    /// Whether another `heads` with more of them follows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// Where a room stands, for one user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Head {
    /// The room.
    pub room: RoomId,
    /// The newest event of its log.
    pub last_seq: Seq,
    /// The last event that I have read.
    pub read_seq: Seq,
    /// Others' messages that I have not read, counted up to 1000.
    pub unread: u32,
    /// A preview of the newest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Message>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum AckState {
    /// It is in the room's log.
    Sent,
    /// A moderator decides.
    Held,
}

/// A frame was carried out; what it did is durable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ack {
    /// The client's own id; null for a client that gives none.
    pub id: Option<ClientId>,
    /// The message.
    pub message: MessageId,
    /// What became of it.
    pub state: AckState,
    /// Its place in the room's log; absent while it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// When it was accepted.
    pub at: Timestamp,
    /// What a filter made of it: the sender's client shows this instead. Boxed, because hardly any ack has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Box<Replaced>>,
}

/// What a filter made of a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct Replaced {
    /// The filter's name.
    pub by: String,
    /// Why, for the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the message is now.
    pub kind: crate::Kind,
    /// What it says now.
    pub content: Content,
    /// The content as one line of text, for kinds other than text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A message has a new content.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct Edited {
    /// The room.
    pub room: RoomId,
    /// The place of this event in its log.
    pub seq: Seq,
    /// The message.
    pub message: MessageId,
    /// Who edited it.
    pub by: UserId,
    /// What it says now; absent where it was recalled since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The content as one line of text, for kinds other than text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who is meant now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub mentions: Vec<UserId>,
    /// When.
    pub at: Timestamp,
}

/// A message was taken back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct Recalled {
    /// The room.
    pub room: RoomId,
    /// The place of this event in its log.
    pub seq: Seq,
    /// The message.
    pub message: MessageId,
    /// Who took it back.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// An emoji was put to a message, or taken away.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct Reaction {
    /// The room.
    pub room: RoomId,
    /// The place of this event in its log.
    pub seq: Seq,
    /// The message.
    pub message: MessageId,
    /// Who.
    pub user: UserId,
    /// The emoji.
    pub emoji: String,
    /// Whether it was taken away.
    pub removed: bool,
    /// How many have put it by now, counted up to 1000; absent in old events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// When.
    pub at: Timestamp,
}

/// Somebody has read up to here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Receipt {
    /// The room.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// The last event read.
    pub seq: Seq,
}

/// Whether somebody is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// Connected.
    Online,
    /// Not connected since.
    LastSeen(Timestamp),
}

/// What happened to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum MemberChange {
    /// Came in by themselves or was invited.
    Joined,
    /// Went.
    Left,
    /// Was put out.
    Kicked,
    /// Was put out and may not come back.
    Banned,
    /// May come back.
    Unbanned,
    /// May not write for a while.
    Muted,
    /// May write again.
    Unmuted,
    /// Has another role.
    Role,
}

/// Somebody came, went, or became something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct MemberEvent {
    /// The room.
    pub room: RoomId,
    /// The place of this event in its log.
    pub seq: Seq,
    /// Who it happened to.
    pub user: Sender,
    /// What happened.
    pub change: MemberChange,
    /// Who did it.
    pub by: UserId,
    /// What they are now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Until when they are muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
}

/// The room's name, announcement or mode changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct RoomEvent {
    /// The room.
    pub room: RoomId,
    /// The place of this event in its log.
    pub seq: Seq,
    /// Who changed it.
    pub by: UserId,
    /// Its name now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its announcement now; empty text: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announcement: Option<String>,
    /// Who may find and join it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<crate::Visibility>,
    /// The emoji that may be put to its messages now; none: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_reactions: Option<Vec<String>>,
    /// Whether members who only read may react now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readers_may_react: Option<bool>,
    /// Whether the room is gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if = "std::ops::Not::not"))]
    pub deleted: bool,
    /// When.
    pub at: Timestamp,
}

/// Something for this user alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// What it is about: `mention`, `held_released`, `held_refused`, `join_request`, `join_accepted`, `join_refused`, …
    pub kind: &'static str,
    /// The room it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// The message it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The user it concerns, such as who asks to come in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// What to tell the person.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A bot's message for one user alone, such as the answer to a press. It stands in no log: whoever is not connected
/// never sees it, and its buttons work for an hour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ephemeral {
    /// Its id, which a `press` names.
    pub id: MessageId,
    /// The room that it is shown in.
    pub room: RoomId,
    /// The bot.
    pub sender: Sender,
    /// What it is.
    pub kind: crate::Kind,
    /// A string for text, an object for every other kind.
    pub content: Content,
    /// The content as one line of text, for kinds other than text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The message that this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// When.
    pub at: Timestamp,
}

/// A frame was refused, or the connection is about to end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorEvent {
    /// The refused frame's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ClientId>,
    /// The stable word.
    pub code: ErrorCode,
    /// What to tell a person or a developer.
    pub message: String,
    /// The offending field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The filter that refused a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The filter's own stable word for why, such as `spam`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl ErrorEvent {
    /// An error with the code's own message and nothing else.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            id: None,
            code,
            message: code.message_en().to_owned(),
            field: None,
            retry_after_ms: None,
            by: None,
            reason: None,
            rule: None,
        }
    }
}

#[cfg(test)]
mod tests;
