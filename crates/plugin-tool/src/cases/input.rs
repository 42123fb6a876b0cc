//! What happens in a case, as its author writes it: everything may be left out but what matters.

use serde::Deserialize;
use serde_json::Value;
use teahouse_plugin_host::wit::{Message, Room, User};

use crate::house::{self, ROOM, instant};

/// A message. The same words as in the interface, all optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MessageInput {
    pub(crate) id: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) seq: Option<u32>,
    pub(crate) sender: Option<UserInput>,
    pub(crate) role: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) text: String,
    pub(crate) content: Option<Value>,
    pub(crate) reply_to: Option<String>,
    pub(crate) mentions: Vec<String>,
    pub(crate) hops: u8,
    pub(crate) extra: Vec<(String, String)>,
}

/// A user: a name, which says it all, or an object.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum UserInput {
    Name(String),
    Whole(WholeUser),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WholeUser {
    id: Option<String>,
    #[serde(default = "anybody")]
    name: String,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    is_guest: bool,
    joined_at: Option<u64>,
    #[serde(default)]
    extra: Vec<(String, String)>,
}

/// A room: an id, or an object.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum RoomInput {
    Id(String),
    Whole(WholeRoom),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WholeRoom {
    id: Option<String>,
    name: Option<String>,
    kind: Option<String>,
    members: Option<u32>,
    #[serde(default)]
    extra: Vec<(String, String)>,
}

/// Somebody who is in the room before anything happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    user: UserInput,
    role: Option<String>,
}

/// A message before and after an edit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditInput {
    #[serde(default)]
    pub(crate) before: MessageInput,
    pub(crate) after: MessageInput,
}

/// A name that somebody wants to take.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameInput {
    #[serde(default = "user_name")]
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) by: Option<UserInput>,
    pub(crate) room: Option<RoomInput>,
}

/// Somebody at the door.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinInput {
    pub(crate) room: Option<RoomInput>,
    pub(crate) user: Option<UserInput>,
    #[serde(default)]
    pub(crate) word: String,
}

/// What a bot is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum EventInput {
    Posted(MessageInput),
    Edited(EditInput),
    Recalled(MessageInput),
    Reacted(ReactionInput),
    Member(MemberInput),
    Command(CommandInput),
    Pressed(PressInput),
    Timer {
        name: String,
        #[serde(default)]
        payload: String,
        due: Option<u64>,
        #[serde(default)]
        missed: u32,
    },
    Held(HeldInput),
    Other {
        name: String,
        #[serde(default)]
        data: Value,
    },
}

/// An emoji on a message: without one named, on what the plugin sent last.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReactionInput {
    pub(crate) message: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) user: Option<UserInput>,
    pub(crate) emoji: String,
    #[serde(default = "yes")]
    pub(crate) added: bool,
}

/// Somebody who came, went, or is something else now.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberInput {
    pub(crate) room: Option<RoomInput>,
    pub(crate) user: Option<UserInput>,
    #[serde(default = "joined")]
    pub(crate) change: String,
    #[serde(default)]
    pub(crate) extra: Vec<(String, String)>,
}

/// A button that was pressed. Message and value follow from the card that was sent last with such a button, if there was
/// one in this case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PressInput {
    pub(crate) message: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) user: Option<UserInput>,
    pub(crate) button: String,
    pub(crate) value: Option<String>,
    #[serde(default)]
    pub(crate) locale: String,
}

/// A message that the plugin's filter held.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldInput {
    pub(crate) message: MessageInput,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) note: String,
    #[serde(default)]
    pub(crate) severity: u8,
}

/// A command. Its options are read from its arguments, as the server does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandInput {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) args: String,
    #[serde(default)]
    pub(crate) message: MessageInput,
    #[serde(default)]
    pub(crate) sender: Option<UserInput>,
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) locale: String,
}

fn yes() -> bool {
    true
}

fn joined() -> String {
    "joined".into()
}

fn anybody() -> String {
    "Ann".into()
}

fn user_name() -> String {
    "user-name".into()
}

/// The user, or Ann.
pub(super) fn user(input: Option<UserInput>) -> User {
    match input {
        None => house::user("Ann"),
        Some(UserInput::Name(name)) => house::user(&name),
        Some(UserInput::Whole(whole)) => {
            let usual = house::user(&whole.name);
            User {
                id: whole.id.unwrap_or(usual.id),
                name: whole.name,
                is_bot: whole.is_bot,
                is_guest: whole.is_guest,
                joined_at: whole.joined_at.map_or(usual.joined_at, instant),
                extra: whole.extra,
            }
        }
    }
}

/// The room, or the usual one; without an id of its own it is the usual one by another name.
pub(super) fn room(input: Option<RoomInput>) -> Room {
    match input {
        None => house::room(None),
        Some(RoomInput::Id(id)) => house::room(Some(&id)),
        Some(RoomInput::Whole(whole)) => {
            let usual = house::room(None);
            Room {
                id: whole.id.unwrap_or(usual.id),
                name: whole.name.unwrap_or(usual.name),
                kind: whole.kind.unwrap_or(usual.kind),
                members: whole.members.unwrap_or(usual.members),
                extra: whole.extra,
            }
        }
    }
}

impl Person {
    pub(super) fn user(&self) -> User {
        user(Some(self.user.clone()))
    }

    pub(super) fn role(&self) -> &str {
        self.role.as_deref().unwrap_or("member")
    }
}

impl MessageInput {
    /// The message, with `id` and `seq` where it has none of its own.
    pub(super) fn message(self, id: String, seq: Option<u32>, now_ms: u64) -> Message {
        Message {
            id: self.id.unwrap_or(id),
            room: self.room.unwrap_or_else(|| ROOM.to_owned()),
            seq: self.seq.or(seq).map(f64::from),
            sender: user(self.sender),
            role: self.role.unwrap_or_else(|| "member".into()),
            kind: self.kind.unwrap_or_else(|| "text".into()),
            text: self.text,
            content: self.content.map(|content| match content {
                Value::String(text) => text,
                other => other.to_string(),
            }),
            reply_to: self.reply_to,
            mentions: self.mentions,
            at: instant(now_ms),
            hops: self.hops,
            extra: self.extra,
        }
    }
}
