//! Made-up people, rooms and messages.

use crate::{Command, Message, Press, Room, User};

/// A person of this name, whose id is `user-NAME`.
#[must_use]
pub fn user(name: &str) -> User {
    User {
        id: format!("user-{name}"),
        name: name.to_owned(),
        is_bot: false,
        is_guest: false,
        joined_at: super::state::NOON - 86_400_000.0,
        extra: Vec::new(),
    }
}

/// A group of this name with two members, whose id is `room-NAME`.
#[must_use]
pub fn room(name: &str) -> Room {
    Room {
        id: format!("room-{name}"),
        name: name.to_owned(),
        kind: "group".to_owned(),
        members: 2,
        extra: Vec::new(),
    }
}

/// A text by Ann, a member of the room Lobby, now.
#[must_use]
pub fn message(text: &str) -> Message {
    Message {
        id: "message-1".to_owned(),
        room: room("Lobby").id,
        seq: None,
        sender: user("Ann"),
        role: "member".to_owned(),
        kind: "text".to_owned(),
        text: text.to_owned(),
        content: None,
        reply_to: None,
        mentions: Vec::new(),
        at: crate::env::now(),
        hops: 0,
        extra: Vec::new(),
    }
}

/// `/name args` by Ann in the room Lobby, with these options: a JSON object.
#[must_use]
pub fn command(name: &str, args: &str, options: &serde_json::Value) -> Command {
    Command {
        name: name.to_owned(),
        args: args.to_owned(),
        options: options.to_string(),
        message: message(format!("/{name} {args}").trim_end()),
        locale: String::new(),
        extra: Vec::new(),
    }
}

/// Ann presses a button of a card in the room Lobby.
#[must_use]
pub fn press(card: &str, button: &str, value: &str) -> Press {
    Press {
        message: card.to_owned(),
        room: room("Lobby").id,
        user: user("Ann"),
        button: button.to_owned(),
        value: value.to_owned(),
        locale: String::new(),
        extra: Vec::new(),
    }
}
