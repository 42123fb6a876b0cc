//! What waits for those who keep order, and the commands and buttons of bots.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use teahouse_chat as chat;
use teahouse_protocol::{
    ClientId, Content, Kind, Message, MessageId, Role, RoomId, Sender, Timestamp, UserId, UserProfile,
};
use uuid::Uuid;

use super::text::Note;
use crate::page::{Cursor, Next};

/// Whether something that was kept waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum HeldStage {
    /// For a moderator.
    #[default]
    Waiting,
    /// No more: it was let through.
    Released,
    /// No more: it was refused.
    Refused,
}

/// What became of something that a filter kept from its room.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum HeldState {
    /// It waits, and its sender knows.
    Held,
    /// It waits, and its sender sees it sent.
    Shadowed,
    /// It was let through.
    Released,
    /// It was refused.
    Refused,
}

/// A message or an edit that a filter kept from its room.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct KeptMessage {
    /// The message's id; for an edit one of its own.
    id: MessageId,
    state: HeldState,
    room: RoomId,
    sender: Sender,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<MessageId>,
    /// The message that it would change; absent: it is a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    edit_of: Option<MessageId>,
    at: Timestamp,
    /// The plugin that kept it.
    plugin: String,
    /// The plugin's name; its id where it does not run any more.
    by: String,
    /// The plugin's word for why.
    code: String,
    /// What the plugin tells a moderator.
    note: String,
    /// The plugin's weight of it: 0 is the least.
    severity: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Timestamp>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What filters kept, oldest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct HeldPage {
    items: Vec<KeptMessage>,
    next: Next<Cursor>,
}

/// Something of mine that a filter kept from its room.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct MyKeptMessage {
    /// The message's id; for an edit one of its own.
    id: MessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    /// `held` or `refused`.
    state: HeldState,
    room: RoomId,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<MessageId>,
    /// The message that it would change; absent: it is a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    edit_of: Option<MessageId>,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Timestamp>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What of mine filters kept from a room, newest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct MyHeldList {
    items: Vec<MyKeptMessage>,
}

/// Why something is refused.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(default, deny_unknown_fields)]
#[oai(deny_unknown_fields)]
pub(crate) struct RefuseHeld {
    /// Told to its sender; left out: no reason is given.
    reason: Option<Note>,
}

impl RefuseHeld {
    pub(crate) fn reason(&self) -> &str {
        self.reason.as_ref().map_or("", |reason| &reason.value)
    }
}

/// Something that a plugin put up for a moderator to look at.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Review {
    id: Uuid,
    /// `message`, `user-name`, `room-name` or `announcement`.
    subject: String,
    /// The message as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<RoomId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserProfile>,
    plugin: String,
    /// The plugin's name; its id where it does not run any more.
    by: String,
    /// The plugin's word for why.
    code: String,
    /// What the plugin tells a moderator.
    note: String,
    /// The plugin's weight of it: 0 is the least.
    severity: u8,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<String>,
}

/// What plugins put up for a look, oldest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ReviewPage {
    items: Vec<Review>,
    next: Next<Cursor>,
}

/// Somebody who asks to come into a room.
#[derive(Debug, Serialize, Object)]
pub(crate) struct JoinRequest {
    user: UserProfile,
    /// What they wrote; empty: nothing.
    word: String,
    /// The plugin that left it to the moderators.
    plugin: String,
    /// The plugin's name; its id where it does not run any more.
    by: String,
    code: String,
    note: String,
    asked_at: Timestamp,
}

/// Who asks to come into a room.
#[derive(Debug, Serialize, Object)]
pub(crate) struct JoinRequestPage {
    items: Vec<JoinRequest>,
    next: Next<Cursor>,
}

/// One thing that a command takes.
#[derive(Debug, Serialize, Object)]
pub(crate) struct CommandOption {
    name: String,
    /// May be empty.
    description: String,
    /// `text`, `integer`, `number`, `boolean`, `choice`, `user` or `texts`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// The words to choose from, where it is a choice.
    choices: Vec<String>,
    required: bool,
}

/// A command of a bot: a message `/name …` that the bot answers.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Command {
    /// Without the stroke.
    name: String,
    description: String,
    /// The bot's name.
    by: String,
    /// The bot's user.
    bot: UserId,
    /// The least role that may use it.
    role: Role,
    /// In order.
    options: Vec<CommandOption>,
}

/// The commands that I may use in a room, by name.
#[derive(Debug, Serialize, Object)]
pub(crate) struct CommandList {
    items: Vec<Command>,
}

/// A press of a card's button.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
pub(crate) struct PressButton {
    /// The button's id.
    pub(crate) button: Note,
    /// The same one again within ten minutes is the same press.
    pub(crate) client_id: Option<ClientId>,
}

/// A press that its bot will get.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Pressed {
    at: Timestamp,
}

impl Pressed {
    pub(crate) const fn new(at: Timestamp) -> Self {
        Self { at }
    }
}

impl From<HeldStage> for chat::HeldStage {
    fn from(stage: HeldStage) -> Self {
        match stage {
            HeldStage::Waiting => Self::Waiting,
            HeldStage::Released => Self::Released,
            HeldStage::Refused => Self::Refused,
        }
    }
}

impl From<chat::HeldState> for HeldState {
    fn from(state: chat::HeldState) -> Self {
        match state {
            chat::HeldState::Held => Self::Held,
            chat::HeldState::Shadowed => Self::Shadowed,
            chat::HeldState::Released => Self::Released,
            chat::HeldState::Refused | chat::HeldState::Discarded => Self::Refused,
        }
    }
}

impl From<chat::HeldView> for KeptMessage {
    fn from(held: chat::HeldView) -> Self {
        Self {
            id: held.id,
            state: held.state.into(),
            room: held.room,
            sender: held.sender,
            kind: held.content.as_ref().map(Content::kind),
            content: held.content,
            reply_to: held.reply_to,
            edit_of: held.edit_of,
            at: held.at,
            plugin: held.plugin,
            by: held.by,
            code: held.code,
            note: held.note,
            severity: held.severity,
            decided_by: held.decided_by,
            decided_at: held.decided_at,
            reason: held.reason,
        }
    }
}

impl From<Vec<chat::MyHeldView>> for MyHeldList {
    fn from(held: Vec<chat::MyHeldView>) -> Self {
        Self { items: held.into_iter().map(Into::into).collect() }
    }
}

impl From<chat::MyHeldView> for MyKeptMessage {
    fn from(held: chat::MyHeldView) -> Self {
        Self {
            id: held.id,
            client_id: held.client_id,
            state: held.state.into(),
            room: held.room,
            kind: held.content.as_ref().map(Content::kind),
            content: held.content,
            reply_to: held.reply_to,
            edit_of: held.edit_of,
            at: held.at,
            decided_at: held.decided_at,
            reason: held.reason,
        }
    }
}

impl From<chat::ReviewView> for Review {
    fn from(review: chat::ReviewView) -> Self {
        Self {
            id: review.id,
            subject: review.subject,
            message: review.message,
            room: review.room,
            user: review.user,
            plugin: review.plugin,
            by: review.by,
            code: review.code,
            note: review.note,
            severity: review.severity,
            at: review.at,
            closed_at: review.closed_at,
            closed_by: review.closed_by,
        }
    }
}

impl From<chat::JoinRequestView> for JoinRequest {
    fn from(request: chat::JoinRequestView) -> Self {
        let chat::JoinRequestView { user, word, plugin, by, code, note, asked_at } = request;
        Self { user, word, plugin, by, code, note, asked_at }
    }
}

impl From<chat::CommandInfo> for Command {
    fn from(command: chat::CommandInfo) -> Self {
        let options = command.options.into_iter().map(|option| CommandOption {
            name: option.name,
            description: option.description,
            kind: option.kind,
            choices: option.choices,
            required: option.required,
        });
        Self {
            name: command.name,
            description: command.description,
            by: command.by.to_string(),
            bot: command.bot,
            role: command.role,
            options: options.collect(),
        }
    }
}

impl From<Vec<chat::CommandInfo>> for CommandList {
    fn from(commands: Vec<chat::CommandInfo>) -> Self {
        Self { items: commands.into_iter().map(Into::into).collect() }
    }
}

/// A page of what the conversation answers with.
macro_rules! pages {
    ($($page:ident = $view:ty;)+) => {$(
        impl From<chat::Page<$view>> for $page {
            fn from(page: chat::Page<$view>) -> Self {
                Self { items: page.items.into_iter().map(Into::into).collect(), next: Next(page.next.map(Cursor)) }
            }
        }
    )+};
}

pages! {
    HeldPage = chat::HeldView;
    ReviewPage = chat::ReviewView;
    JoinRequestPage = chat::JoinRequestView;
}
