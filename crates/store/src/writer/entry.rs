//! What can be put into a room's log.

use teahouse_protocol::{
    ClientId, Content, Emoji, Locale, MessageId, Replaced, ReplacedBy, Role, RoomId, RoomKind, Seq,
    Timestamp, UserId, Visibility,
};

use crate::Fingerprint;
use crate::audit::Act;
use crate::entity::room_event;

/// Something that takes the next number of its room.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A message.
    Message(NewMessage),
    /// Anything else.
    Change(Change),
}

/// A message that was accepted.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// Where it was said.
    pub room: RoomId,
    /// Who said it.
    pub sender: UserId,
    /// The sender's own id: a second message with the same one is the first.
    pub client_id: Option<ClientId>,
    /// What the sender sent under that id, whatever a filter made of it.
    pub fingerprint: Option<Fingerprint>,
    /// What was said.
    pub content: Content,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Who is meant.
    pub mentions: Vec<UserId>,
    /// When.
    pub at: Timestamp,
    /// How many plugins in a row answered each other; 0: a person wrote it.
    pub hops: u8,
    /// What its sender's client speaks, where what follows from the message may ask for it.
    pub locale: Option<Locale>,
    /// Whether a filter made it what it is, to be noted beside it.
    pub replaced: Option<Box<ReplacedBy>>,
    /// Whether a bot hears of it: only then does [`Committed`](super::Committed) name it.
    pub is_heard: bool,
}

/// An event that is not a message.
#[derive(Clone, Debug)]
pub struct Change {
    /// The room.
    pub room: RoomId,
    /// Who does it.
    pub actor: UserId,
    /// When.
    pub at: Timestamp,
    /// What changes.
    pub kind: ChangeKind,
    /// A line for the audit log, written when something changes.
    pub audit: Option<Box<Act<'static>>>,
    /// Whether a bot hears of it: only then does [`Committed`](super::Committed) name it.
    pub is_heard: bool,
}

/// What changes. Each is written with its event in one transaction; one that changes nothing takes no number.
#[derive(Clone, Debug)]
pub enum ChangeKind {
    /// A message says something else.
    Edit {
        /// The message.
        message: MessageId,
        /// What it says now.
        content: Content,
        /// Who is meant from now on; absent: as before.
        mentions: Option<Vec<UserId>>,
        /// What a filter made of the edit. Nothing: it says what its sender wrote.
        replaced: Option<Box<Replaced>>,
        /// Whether what follows from it is told what it said before. The log never is.
        recounts: bool,
    },
    /// A message is emptied.
    Recall {
        /// The message.
        message: MessageId,
    },
    /// An emoji is put to a message.
    React {
        /// The message.
        message: MessageId,
        /// The emoji.
        emoji: Emoji,
    },
    /// An emoji is taken away.
    Unreact {
        /// The message.
        message: MessageId,
        /// What was put, in each form that it may have.
        forms: Vec<String>,
    },
    /// A room comes into being, with its first members.
    CreateRoom(NewRoom),
    /// Somebody becomes a member.
    AddMember {
        /// Who.
        user: UserId,
        /// As what.
        role: Role,
    },
    /// Somebody who asks to come in becomes a member. Where they ask no more, or are banned, nothing changes.
    AcceptJoin {
        /// Who.
        user: UserId,
    },
    /// Somebody who is invited becomes a member. Where no invitation waits for them, or they are banned, nothing changes.
    AcceptInvitation {
        /// Who.
        user: UserId,
    },
    /// A member has another role, is muted or unmuted.
    ChangeMember {
        /// Who.
        user: UserId,
        /// What of it changes.
        edit: MemberEdit,
    },
    /// Somebody is no member any more.
    RemoveMember {
        /// Who.
        user: UserId,
        /// Why.
        removal: Removal,
    },
    /// A banned user may come back.
    Unban {
        /// Who.
        user: UserId,
    },
    /// The room itself changes.
    EditRoom(RoomEdit),
    /// The room is gone for everybody.
    DeleteRoom,
    /// A moderator lets through what a filter kept from the room.
    Release(Release),
}

/// What a filter kept, let through. Whoever decides first decides: where it does not wait any more, nothing changes.
#[derive(Clone, Debug)]
pub struct Release {
    /// The row of what was kept.
    pub held: MessageId,
    /// Who lets it through.
    pub by: String,
    /// What comes into the log.
    pub what: Released,
}

/// What is let through.
#[derive(Clone, Debug)]
pub enum Released {
    /// A message. Where the same one came into the log under its client id by now, that is it; where that id stands for
    /// another, this one comes without.
    Message(Box<NewMessage>),
    /// An edit. Where its message was recalled by now, nothing comes into the log.
    Edit {
        /// The message.
        message: MessageId,
        /// What it says now.
        content: Content,
        /// Who is meant from now on.
        mentions: Vec<UserId>,
        /// As in [`ChangeKind::Edit`].
        recounts: bool,
    },
}

/// A room that comes into being.
#[derive(Clone, Debug)]
pub struct NewRoom {
    /// What it is for.
    pub kind: RoomKind,
    /// Who may find it.
    pub visibility: Visibility,
    /// Its name; empty for a direct room.
    pub name: String,
    /// A key that no two rooms share: the lobby's, or a pair's.
    pub unique_key: Option<String>,
    /// Its first members.
    pub members: Vec<(UserId, Role)>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// What they may do.
    pub role: Role,
    /// Until when they may not write.
    pub muted_until: Option<Timestamp>,
}

/// What of a member changes; absent: stays. Two who change different things at once don't undo each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberEdit {
    /// What they may do.
    pub role: Option<Role>,
    /// Until when they may not write; the inner `None`: they may again.
    pub muted_until: Option<Option<Timestamp>>,
}

/// Why somebody is no member any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// They went.
    Left,
    /// They were put out.
    Kicked,
    /// They were put out and may not come back.
    Banned,
}

/// What changes of a room; absent: stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomEdit {
    /// Its name.
    pub name: Option<String>,
    /// Its announcement; empty: none.
    pub announcement: Option<String>,
    /// Who may find it.
    pub visibility: Option<Visibility>,
    /// The emoji that may be put to its messages; none: any.
    pub allowed_reactions: Option<Vec<Emoji>>,
    /// Whether members who only read may react.
    pub readers_may_react: Option<bool>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The message is in the log.
    Written(Seq),
    /// The change is made, and these are in the log: one event, or one for each first member of a new room.
    Logged(Vec<room_event::Model>),
    /// A message with this client id was there before.
    Repeated(FirstAck),
    /// A message with this client id was there before, and the sender had sent something else: nothing is written.
    IdTaken,
    /// A change that changes nothing: it was so before, or what it is about is not there.
    Unchanged,
    /// The room is not there.
    NoRoom,
    /// Nothing was changed, because the room would be left without an owner.
    LastOwner,
    /// Nothing was changed, because the message has reactions of as many kinds as it may.
    TooManyKinds,
}

impl Outcome {
    /// The rows that a change left in the log.
    #[must_use]
    pub fn rows(&self) -> &[room_event::Model] {
        match self {
            Self::Logged(rows) => rows,
            _ => &[],
        }
    }
}

/// What was answered when the message came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstAck {
    /// The first message's id.
    pub message: MessageId,
    /// Its number.
    pub seq: Seq,
    /// When it was accepted.
    pub at: Timestamp,
}

impl Entry {
    /// The room whose log it goes into.
    #[must_use]
    pub const fn room(&self) -> RoomId {
        match self {
            Self::Message(message) => message.room,
            Self::Change(change) => change.room,
        }
    }

    /// When it was accepted.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Message(message) => message.at,
            Self::Change(change) => change.at,
        }
    }

    /// Whether a bot hears of it.
    #[must_use]
    pub const fn is_heard(&self) -> bool {
        match self {
            Self::Message(message) => message.is_heard,
            Self::Change(change) => change.is_heard,
        }
    }

    /// Whether anything is to be done once it is in the log.
    #[must_use]
    pub fn has_consequences(&self) -> bool {
        let is_edit = matches!(self, Self::Change(Change { kind: ChangeKind::Edit { .. }, .. }));
        // An edit may mention somebody anew.
        self.is_heard() || is_edit || self.message().is_some_and(|message| !message.mentions.is_empty())
    }

    /// The message that it puts into the log, also one that a moderator lets through.
    #[must_use]
    pub fn message(&self) -> Option<&NewMessage> {
        match self {
            Self::Message(message) => Some(message),
            Self::Change(Change { kind: ChangeKind::Release(release), .. }) => match &release.what {
                Released::Message(message) => Some(message),
                Released::Edit { .. } => None,
            },
            Self::Change(_) => None,
        }
    }

    /// Says whether a bot hears of it.
    pub const fn set_heard(&mut self, is_heard: bool) {
        match self {
            Self::Message(message) => message.is_heard = is_heard,
            Self::Change(change) => change.is_heard = is_heard,
        }
    }
}
