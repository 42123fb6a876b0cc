//! The house's words in the interface's: people, rooms, messages.

use std::str::FromStr;

use teahouse_chat::{NameSubject, Proposed, RoomBrief, RoomDetails};
use teahouse_plugin_host::wit;
use teahouse_protocol::{
    Announcement, Content, DisplayName, Kind, MAX_TEXT_CHARS, Role, RoomKind, RoomName, Timestamp,
    UserProfile,
};

/// A time as the interface has it: milliseconds as a whole number below 2^53.
pub(crate) fn instant(at: Timestamp) -> wit::Instant {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53 until the year 287396")]
    let millis = at.millis() as f64;
    millis
}

/// A place in a room's log, as the interface has it.
pub(crate) fn seq(seq: teahouse_protocol::Seq) -> wit::Seq {
    #[expect(clippy::cast_precision_loss, reason = "it is below 2^53")]
    let number = seq.get() as f64;
    number
}

/// An id that a guest wrote. `not-found` when it is none: for who asks, it is the same.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, wit::Error> {
    text.parse().map_err(|_| wit::Error::NotFound)
}

pub(crate) fn user(profile: &UserProfile) -> wit::User {
    wit::User {
        id: profile.id.to_string(),
        name: profile.name.clone(),
        is_bot: profile.is_bot,
        is_guest: profile.is_guest,
        joined_at: instant(profile.joined_at),
        extra: Vec::new(),
    }
}

pub(crate) fn room(details: &RoomDetails) -> wit::Room {
    wit::Room {
        id: details.brief.id.to_string(),
        name: details.name.clone(),
        kind: room_kind(&details.brief).to_owned(),
        members: u32::try_from(details.members).unwrap_or(u32::MAX),
        extra: Vec::new(),
    }
}

const fn room_kind(room: &RoomBrief) -> &'static str {
    if room.is_lobby {
        return "lobby";
    }
    match room.kind {
        RoomKind::Group => "group",
        RoomKind::Channel => "channel",
        RoomKind::Direct => "direct",
    }
}

/// What somebody is in a room, in one word.
pub(crate) fn role(who: &UserProfile, role: Role) -> &'static str {
    match role {
        _ if who.is_bot => "bot",
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Member if who.is_guest => "guest",
        Role::Member => "member",
    }
}

/// The text and the object of a content.
pub(crate) fn content(content: &Content) -> (String, Option<String>) {
    match content {
        Content::Text(text) => (text.clone(), None),
        object => (object.plain_text(), Some(object.to_stored())),
    }
}

/// A message that is not in its room yet.
pub(crate) fn proposed(message: &Proposed) -> wit::Message {
    let (text, content) = content(&message.content);
    wit::Message {
        id: message.id.to_string(),
        room: message.room.id.to_string(),
        seq: None,
        sender: user(&message.sender),
        role: role(&message.sender, message.role).to_owned(),
        kind: message.content.kind().as_str().to_owned(),
        text,
        content,
        reply_to: message.reply_to.map(|id| id.to_string()),
        mentions: message.mentions.iter().map(ToString::to_string).collect(),
        at: instant(message.at),
        hops: message.hops,
        extra: Vec::new(),
    }
}

/// What a filter put in a message's place: of its kind, or text. An object without a new one stays, unless its text
/// was changed: then the text is the message.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn replacement(before: &Content, new: &wit::Replacement) -> Result<Content, String> {
    let content = match (before, &new.content) {
        (Content::Text(_), None) => Content::Text(new.text.clone()),
        (Content::Text(_), Some(_)) => return Err("a text has no object".to_owned()),
        (object, Some(json)) => Content::from_json(object.kind(), json).map_err(|error| error.to_string())?,
        (object, None) if object.plain_text() == new.text => object.clone(),
        (_, None) => Content::Text(new.text.clone()),
    };
    content.check().map_err(|error| error.to_string())?;
    Ok(content)
}

/// The largest reply of a filter that can be needed: whatever may stand in the place of the largest message, its text and
/// its object, and a note beside it. A sender who fills a message to its limits gets no further than one who doesn't.
pub(crate) const LARGEST_REPLY_BYTES: usize = Content::MAX_JSON_BYTES + MAX_TEXT_CHARS * 4 + NOTES_BYTES;

/// Words for the sender and for moderators, each of at most 500 characters, and their codes.
const NOTES_BYTES: usize = 8 * 1024;

/// What a gate put in a name's place: as good as what a person may choose.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn name(subject: NameSubject, text: &str) -> Result<String, String> {
    match subject {
        NameSubject::UserName => {
            DisplayName::new(text).map(DisplayName::into_string).map_err(|e| e.to_string())
        }
        NameSubject::RoomName => RoomName::new(text).map(RoomName::into_string).map_err(|e| e.to_string()),
        NameSubject::Announcement => {
            Announcement::new(text).map(Announcement::into_string).map_err(|e| e.to_string())
        }
    }
}

/// The bit of a kind in a set of kinds.
pub(crate) const fn kind_bit(kind: Kind) -> u16 {
    1 << kind.number()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(before: &Content, text: &str, content: Option<&str>) -> Result<Content, String> {
        let new = wit::Replacement {
            text: text.to_owned(),
            content: content.map(str::to_owned),
            note: String::new(),
            review: None,
        };
        replacement(before, &new)
    }

    /// An author's tests run with the host's own limits: what is too large there must be too large here.
    #[test]
    fn the_hosts_limit_holds_the_largest_reply() {
        let usual = teahouse_plugin_host::HookLimits::filter();
        assert!((LARGEST_REPLY_BYTES..usual.data_bytes).contains(&usual.reply_bytes), "{usual:?}");
    }

    #[test]
    fn a_replaced_name_is_one_that_a_person_may_choose() {
        assert_eq!(name(NameSubject::UserName, "tea"), Ok("tea".to_owned()));
        for subject in [NameSubject::UserName, NameSubject::RoomName] {
            assert!(name(subject, "").is_err() && name(subject, &"x".repeat(1_000)).is_err());
        }
        assert!(name(NameSubject::Announcement, &"茶".repeat(2_000)).is_ok());
        assert!(name(NameSubject::Announcement, &"茶".repeat(2_001)).is_err());
        assert!(name(NameSubject::Announcement, "\0").is_err());
    }

    #[test]
    fn a_replaced_message_keeps_its_kind_or_becomes_text() {
        let text = Content::Text("buy gold".to_owned());
        assert_eq!(replaced(&text, "buy ***", None), Ok(Content::Text("buy ***".to_owned())));
        assert!(replaced(&text, "x", Some(r#"{"url":"https://a.example"}"#)).is_err());
        assert!(replaced(&text, " ", None).is_err(), "nobody could have sent it");
        let link = Content::from_json(Kind::Link, r#"{"url":"https://a.example","title":"t"}"#).unwrap();
        assert_eq!(replaced(&link, &link.plain_text(), None), Ok(link.clone()));
        assert_eq!(replaced(&link, "no links", None), Ok(Content::Text("no links".to_owned())));
        let other = replaced(&link, "", Some(r#"{"url":"https://b.example"}"#)).unwrap();
        assert_eq!(other.kind(), Kind::Link);
        assert!(replaced(&link, "", Some(r#"{"url":"javascript:alert(1)"}"#)).is_err());
    }
}
