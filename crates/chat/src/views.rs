//! What the domain functions answer with, and what some are asked with.

use teahouse_protocol::{
    Announcement, Emoji, Message, Role, RoomId, RoomKind, RoomName, Seq, ServerEvent, Timestamp, UserId,
    UserProfile, Visibility,
};
use uuid::Uuid;

/// Which page of a list.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// The last id of the page before; `None`: the first page.
    pub after: Option<Uuid>,
    /// How many at most.
    pub limit: u16,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// In order of id.
    pub items: Vec<T>,
    /// What to ask the next page with; `None`: this is the last.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    /// A page from rows of which one more than `limit` was asked for.
    pub(crate) fn cut<R>(
        mut rows: Vec<R>,
        limit: u16,
        id: impl Fn(&R) -> Uuid,
        view: impl FnMut(R) -> T,
    ) -> Self {
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next = rows.last().filter(|_| more).map(id);
        Self { items: rows.into_iter().map(view).collect(), next }
    }
}

/// A room, as one caller sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomView {
    /// Its id.
    pub id: RoomId,
    /// What it is for.
    pub kind: RoomKind,
    /// Who may find it.
    pub visibility: Visibility,
    /// The emoji that may be put to its messages; none: any.
    pub allowed_reactions: Vec<Emoji>,
    /// Whether members who only read may react.
    pub readers_may_react: bool,
    /// Its name; for a direct room the other's.
    pub name: String,
    /// Its announcement; empty: none.
    pub announcement: String,
    /// When it came into being.
    pub created_at: Timestamp,
    /// The newest event of its log.
    pub last_seq: Seq,
    /// What the caller is in it; `None`: no member.
    pub role: Option<Role>,
    /// The other person of a direct room.
    pub peer: Option<UserProfile>,
}

/// A room among the caller's.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomSummary {
    /// The room.
    pub room: RoomView,
    /// Others' messages that the caller has not read, counted up to 1000.
    pub unread: u32,
    /// How often the caller is mentioned in what they have not read.
    pub mentions: u32,
    /// The last event that the caller has read.
    pub read_seq: Seq,
    /// The newest message.
    pub last: Option<Message>,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberView {
    /// Who.
    pub user: UserProfile,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// Until when they may not write.
    pub muted_until: Option<Timestamp>,
}

/// Somebody who put an emoji to a message.
#[derive(Clone, Debug, PartialEq)]
pub struct ReactorView {
    /// Who.
    pub user: UserProfile,
    /// When.
    pub at: Timestamp,
}

/// Somebody who may not come into a room.
#[derive(Clone, Debug, PartialEq)]
pub struct BanView {
    /// Who.
    pub user: UserProfile,
    /// By whom.
    pub banned_by: UserId,
    /// Since when.
    pub banned_at: Timestamp,
}

/// A room to be made.
#[derive(Clone, Debug)]
pub struct CreateRoom {
    /// Its name.
    pub name: RoomName,
    /// Group or channel: a direct room is opened, not made.
    pub kind: RoomKind,
    /// Who may find it.
    pub visibility: Visibility,
    /// Who else is in it from the start.
    pub members: Vec<UserId>,
}

/// What is to change of a room; `None`: stays.
#[derive(Clone, Debug, Default)]
pub struct RoomChange {
    /// Its name.
    pub name: Option<RoomName>,
    /// Its announcement; empty: none.
    pub announcement: Option<Announcement>,
    /// Who may find it.
    pub visibility: Option<Visibility>,
    /// The emoji that may be put to its messages; none: any.
    pub allowed_reactions: Option<Vec<Emoji>>,
    /// Whether members who only read may react.
    pub readers_may_react: Option<bool>,
}

/// What is to change of a member; who is none is invited.
#[derive(Clone, Copy, Debug, Default)]
pub struct PutMember {
    /// What they may do from now on; `None`: stays.
    pub role: Option<Role>,
    /// Until when they may not write; `Some(None)`: they may again; `None`: stays.
    pub muted_until: Option<Option<Timestamp>>,
}

/// Which part of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest.
    Newest,
    /// Those just before.
    Before(Seq),
    /// Those just after.
    After(Seq),
    /// Half before, half from here on.
    Around(Seq),
}

/// A part of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// In order of `seq`.
    pub items: Vec<Message>,
    /// Where newer ones go on: ask with [`Window::After`]; `None`: there are none.
    pub next: Option<Seq>,
    /// Where older ones go on: ask with [`Window::Before`]; `None`: there are none.
    pub prev: Option<Seq>,
}

/// A part of a room's log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventsPage {
    /// In order of `seq`: the same events as on the socket.
    pub items: Vec<ServerEvent>,
    /// Where it goes on; `None`: this is the end.
    pub next: Option<Seq>,
}
