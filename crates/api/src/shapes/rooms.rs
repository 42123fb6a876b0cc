//! Rooms and who is in them.

use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use teahouse_chat as chat;
use teahouse_protocol::{
    Message, Role, RoomId, RoomKind, RoomName, Seq, Timestamp, UserId, UserProfile, Visibility,
};

use super::text::{Announcement, Emoji};
use crate::page::{Cursor, Next};

/// What a room that is made may be.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum NewRoomKind {
    /// Every member writes.
    Group,
    /// Owner and admins write, members read.
    Channel,
}

/// A room to be made; its maker is its owner.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct CreateRoom {
    name: RoomName,
    kind: NewRoomKind,
    visibility: Visibility,
    /// Who else is to be in it. They are invited, as by `PUT /v1/rooms/{room}/members/{user}`.
    #[serde(default)]
    #[oai(default, validator(max_items = 200))]
    members: Vec<UserId>,
}

/// Whom to talk to.
#[derive(Debug, Deserialize, Object)]
pub(crate) struct OpenDirect {
    /// The other.
    pub(crate) user: UserId,
}

/// What somebody says who wants to come in.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(default)]
pub(crate) struct AskToJoin {
    /// A word to the room's moderators, who may have to decide.
    #[oai(default, validator(max_length = 200))]
    pub(crate) word: String,
}

/// What changes in a room; what is left out stays.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(default)]
pub(crate) struct UpdateRoom {
    name: Option<RoomName>,
    /// Shown above the conversation; empty takes it away.
    announcement: Option<Announcement>,
    visibility: Option<Visibility>,
    /// The emoji that may be put to its messages; an empty list: any.
    #[oai(validator(max_items = 100))]
    allowed_reactions: Option<Vec<Emoji>>,
    /// Whether members who only read, as in a channel, may react.
    readers_may_react: Option<bool>,
}

/// What a member is to become; who is none yet is invited.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(default)]
pub(crate) struct PutMember {
    /// Left out: as before, and `member` for who is new.
    role: Option<Role>,
    /// Until when they may not write; null: they may. Left out: as before.
    #[oai(nullable)]
    muted_until: MaybeUndefined<Timestamp>,
}

/// A room, as I see it.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Room {
    id: RoomId,
    kind: RoomKind,
    visibility: Visibility,
    /// The emoji that may be put to its messages; absent: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default, skip_serializing_if_is_empty)]
    allowed_reactions: Vec<String>,
    /// Whether members who only read, as in a channel, may react.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[oai(default, skip_serializing_if = "std::ops::Not::not")]
    readers_may_react: bool,
    /// A direct room is called as the other is.
    name: String,
    /// Shown above the conversation; empty: none.
    announcement: String,
    created_at: Timestamp,
    /// The newest event of its log.
    last_seq: Seq,
    /// What I am in it; absent: no member.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// The other, in a direct room.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<UserProfile>,
}

/// A room of mine, and where I stand in it.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct RoomSummary {
    #[serde(flatten)]
    #[oai(flatten)]
    room: Room,
    /// Others' messages that I have not read, counted up to 1000.
    unread: u32,
    /// Those of them that mean me.
    mentions: u32,
    /// The last event that I have read.
    read_seq: Seq,
    /// A preview of the newest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Message>,
}

/// Rooms of mine.
#[derive(Debug, Serialize, Object)]
pub(crate) struct RoomPage {
    items: Vec<RoomSummary>,
    /// Goes into `cursor` for those that follow; null: there are none.
    next: Next<Cursor>,
}

/// Rooms that anyone may join.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PublicRoomPage {
    items: Vec<Room>,
    /// Goes into `cursor` for those that follow; null: there are none.
    next: Next<Cursor>,
}

/// Somebody in a room.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Member {
    user: UserProfile,
    role: Role,
    joined_at: Timestamp,
    /// Until when they may not write.
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<Timestamp>,
}

/// Members of a room.
#[derive(Debug, Serialize, Object)]
pub(crate) struct MemberPage {
    items: Vec<Member>,
    /// Goes into `cursor` for those that follow; null: there are none.
    next: Next<Cursor>,
}

/// Somebody who put an emoji to a message.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Reactor {
    user: UserProfile,
    at: Timestamp,
}

/// Those who put an emoji to a message.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ReactorPage {
    items: Vec<Reactor>,
    /// Goes into `cursor` for those that follow; null: there are none.
    next: Next<Cursor>,
}

/// A room that somebody is invited into: what they may know of it before they come.
#[derive(Debug, Serialize, Object)]
pub(crate) struct InvitedInto {
    id: RoomId,
    kind: RoomKind,
    name: String,
}

/// An invitation, which waits until who is invited accepts or refuses it.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Invitation {
    room: InvitedInto,
    /// Who invites.
    invited_by: UserProfile,
    /// What they are to be in the room.
    role: Role,
    invited_at: Timestamp,
}

/// What somebody is invited into.
#[derive(Debug, Serialize, Object)]
pub(crate) struct InvitationPage {
    items: Vec<Invitation>,
    /// Goes into `cursor` for those that follow; null: there are none.
    next: Next<Cursor>,
}

/// Somebody who may not come into a room.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Ban {
    user: UserProfile,
    /// Who banned them.
    banned_by: UserId,
    banned_at: Timestamp,
}

/// Bans of a room.
#[derive(Debug, Serialize, Object)]
pub(crate) struct BanPage {
    items: Vec<Ban>,
    /// Goes into `cursor` for those that follow; null: there are none.
    next: Next<Cursor>,
}

impl From<CreateRoom> for chat::CreateRoom {
    fn from(create: CreateRoom) -> Self {
        let kind = match create.kind {
            NewRoomKind::Group => RoomKind::Group,
            NewRoomKind::Channel => RoomKind::Channel,
        };
        Self { name: create.name, kind, visibility: create.visibility, members: create.members }
    }
}

impl From<UpdateRoom> for chat::RoomChange {
    fn from(update: UpdateRoom) -> Self {
        Self {
            name: update.name,
            announcement: update.announcement.map(|announcement| announcement.value),
            visibility: update.visibility,
            allowed_reactions: update
                .allowed_reactions
                .map(|allowed| allowed.into_iter().map(|emoji| emoji.value).collect()),
            readers_may_react: update.readers_may_react,
        }
    }
}

impl From<PutMember> for chat::PutMember {
    fn from(put: PutMember) -> Self {
        let muted_until = match put.muted_until {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(until) => Some(Some(until)),
        };
        Self { role: put.role, muted_until }
    }
}

impl From<chat::RoomView> for Room {
    fn from(room: chat::RoomView) -> Self {
        Self {
            id: room.id,
            kind: room.kind,
            visibility: room.visibility,
            allowed_reactions: room.allowed_reactions.iter().map(ToString::to_string).collect(),
            readers_may_react: room.readers_may_react,
            name: room.name,
            announcement: room.announcement,
            created_at: room.created_at,
            last_seq: room.last_seq,
            role: room.role,
            peer: room.peer,
        }
    }
}

impl From<chat::RoomSummary> for RoomSummary {
    fn from(summary: chat::RoomSummary) -> Self {
        Self {
            room: summary.room.into(),
            unread: summary.unread,
            mentions: summary.mentions,
            read_seq: summary.read_seq,
            last: summary.last,
        }
    }
}

impl From<chat::MemberView> for Member {
    fn from(member: chat::MemberView) -> Self {
        Self {
            user: member.user,
            role: member.role,
            joined_at: member.joined_at,
            muted_until: member.muted_until,
        }
    }
}

impl From<chat::InvitationView> for Invitation {
    fn from(invitation: chat::InvitationView) -> Self {
        Self {
            room: InvitedInto { id: invitation.room, kind: invitation.kind, name: invitation.name },
            invited_by: invitation.invited_by,
            role: invitation.role,
            invited_at: invitation.invited_at,
        }
    }
}

impl From<chat::BanView> for Ban {
    fn from(ban: chat::BanView) -> Self {
        Self { user: ban.user, banned_by: ban.banned_by, banned_at: ban.banned_at }
    }
}

impl From<chat::ReactorView> for Reactor {
    fn from(reactor: chat::ReactorView) -> Self {
        Self { user: reactor.user, at: reactor.at }
    }
}

macro_rules! page_of {
    ($($page:ident of $view:ty;)+) => {$(
        impl From<chat::Page<$view>> for $page {
            fn from(page: chat::Page<$view>) -> Self {
                Self { items: page.items.into_iter().map(Into::into).collect(), next: Next(page.next.map(Cursor)) }
            }
        }
    )+};
}

page_of! {
    RoomPage of chat::RoomSummary;
    PublicRoomPage of chat::RoomView;
    MemberPage of chat::MemberView;
    BanPage of chat::BanView;
    ReactorPage of chat::ReactorView;
    InvitationPage of chat::InvitationView;
}
