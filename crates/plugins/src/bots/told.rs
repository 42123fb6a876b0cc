//! An entry of a room's log as events of bots: who hears it, and what they are told.

use teahouse_plugin_host::wit;
use teahouse_plugin_package::{Command, EventKind};
use teahouse_protocol::{Kind, MemberChange, MessageId, RoomId, Timestamp, UserId};
use teahouse_store::entity::{message, room_event};
use teahouse_store::log::{Detail, LogRow, MemberDetail, ReactionDetail};

use crate::reading::Cast;

/// Something that happened in a room.
pub(crate) struct Happening {
    pub(crate) kind: EventKind,
    /// Who did it: bots never hear of what they did themselves.
    pub(crate) actor: UserId,
    pub(crate) at: Timestamp,
    pub(crate) seq: i64,
    pub(crate) event: wit::Event,
    /// The message that it is about, where it is a change to one.
    pub(crate) message: Option<MessageId>,
    pub(crate) hops: u8,
}

/// Whom a log's entries name.
pub(crate) fn people(rows: &[LogRow]) -> Vec<UserId> {
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        match row {
            LogRow::Message(row) => people.push(UserId::from_uuid(row.sender_id)),
            LogRow::Event(row) => {
                people.push(UserId::from_uuid(row.actor_id));
                if let Some(Detail::Member(detail)) = Detail::from_row(row) {
                    people.push(detail.user);
                }
            }
        }
    }
    people
}

/// The messages that a log's other entries are about.
pub(crate) fn changed(rows: &[LogRow]) -> Vec<uuid::Uuid> {
    rows.iter()
        .filter_map(|row| match row {
            LogRow::Event(row) => row.message_id,
            LogRow::Message(_) => None,
        })
        .collect()
}

/// A message that was posted; `None`: it says nothing any more, or this version can't read it.
pub(crate) fn posted(row: &message::Model, cast: &Cast) -> Option<Happening> {
    if row.recalled_at_ms.is_some() {
        return None;
    }
    let message = cast.message(row.clone())?;
    Some(Happening {
        kind: EventKind::Posted,
        actor: UserId::from_uuid(row.sender_id),
        at: Timestamp::from_millis(row.sent_at_ms),
        seq: row.seq,
        hops: message.hops,
        event: wit::Event::Posted(message),
        message: None,
    })
}

/// Anything else that stands in a log. `about` is the message that was changed, as it is now; `before` is what an edited
/// one said until then, as it was stored.
pub(crate) fn other(
    row: &room_event::Model,
    room: &wit::Room,
    about: Option<&message::Model>,
    before: Option<&str>,
    cast: &Cast,
) -> Option<Happening> {
    let detail = Detail::from_row(row)?;
    let actor = UserId::from_uuid(row.actor_id);
    let (kind, event, message) = match detail {
        Detail::Edited(id) => {
            let about = about.filter(|row| row.recalled_at_ms.is_none())?;
            let after = cast.message(about.clone())?;
            let before = before.and_then(|content| {
                cast.message(message::Model { content: content.to_owned(), ..about.clone() })
            });
            // An edit from before its bot began to hear of them: the log keeps what a message says now.
            let blank = || wit::Message { text: String::new(), content: None, ..after.clone() };
            let before = before.unwrap_or_else(blank);
            (EventKind::Edited, wit::Event::Edited(wit::Edit { before, after }), Some(id))
        }
        Detail::Recalled(id) => {
            let message = about.and_then(|row| cast.message(row.clone()))?;
            (EventKind::Recalled, wit::Event::Recalled(message), Some(id))
        }
        Detail::Reaction(id, detail) => {
            (EventKind::Reacted, wit::Event::Reacted(reaction(row, id, detail, actor, cast)), Some(id))
        }
        Detail::Member(detail) => {
            (EventKind::Member, wit::Event::Member(membership(&detail, actor, room, cast)?), None)
        }
        Detail::Room(_) => return None,
    };
    let at = Timestamp::from_millis(row.at_ms);
    Some(Happening { kind, actor, at, seq: row.seq, event, message, hops: 0 })
}

fn reaction(
    row: &room_event::Model,
    message: MessageId,
    detail: ReactionDetail,
    actor: UserId,
    cast: &Cast,
) -> wit::Reaction {
    wit::Reaction {
        message: message.to_string(),
        room: RoomId::from_uuid(row.room_id).to_string(),
        user: cast.user(actor),
        emoji: detail.emoji,
        added: !detail.removed,
        extra: Vec::new(),
    }
}

fn membership(
    detail: &MemberDetail,
    actor: UserId,
    room: &wit::Room,
    cast: &Cast,
) -> Option<wit::Membership> {
    let change = match detail.change {
        MemberChange::Joined => "joined",
        MemberChange::Left => "left",
        MemberChange::Kicked => "kicked",
        MemberChange::Banned => "banned",
        MemberChange::Muted => "muted",
        MemberChange::Unmuted => "unmuted",
        MemberChange::Role => "role",
        MemberChange::Unbanned => return None,
    };
    let mut extra = Vec::new();
    if let Some(role) = detail.role {
        let word = match role {
            teahouse_protocol::Role::Owner => "owner",
            teahouse_protocol::Role::Admin => "admin",
            teahouse_protocol::Role::Member => "member",
        };
        extra.push(("role".to_owned(), word.to_owned()));
    }
    if actor != detail.user {
        extra.push(("by".to_owned(), actor.to_string()));
    }
    Some(wit::Membership {
        room: room.clone(),
        user: cast.user(detail.user),
        change: change.to_owned(),
        extra,
    })
}

/// A message that is a command, as its bot gets it; `None` when its words don't fit the manifest any more.
pub(crate) fn command(
    command: &Command,
    rest: &str,
    message: &wit::Message,
    locale: &str,
) -> Option<wit::Command> {
    let options = command.read(rest).ok()?;
    Some(wit::Command {
        name: command.name.clone(),
        args: rest.to_owned(),
        options: serde_json::Value::Object(options).to_string(),
        message: message.clone(),
        locale: locale.to_owned(),
        extra: Vec::new(),
    })
}

/// The command that a posted message may be: its name and the rest.
pub(crate) fn as_command(event: &wit::Event) -> Option<(&wit::Message, String, &str)> {
    let wit::Event::Posted(message) = event else { return None };
    if message.kind != Kind::Text.as_str() {
        return None;
    }
    let (name, rest) = Command::split(&message.text)?;
    Some((message, name, rest))
}
