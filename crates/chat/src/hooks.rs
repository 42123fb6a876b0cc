//! Where plugins stand in the conversation's way: what they are asked before something is done, and what they are told
//! after it was. The conversation knows no plugin, only this trait; without an implementation nothing is watched.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use teahouse_protocol::{
    ClientId, Content, Kind, Locale, MessageId, Role, RoomId, RoomKind, Timestamp, UserId, UserProfile,
    Visibility,
};
use teahouse_store::writer::Committed;
use uuid::Uuid;

use crate::Error;

/// An answer that takes time.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What stands behind the conversation's hooks.
///
/// Everything here is called on the way of a message: what it takes, a sender waits. A connection's next frame is not
/// read before [`Hooks::check`] has answered, so that a sender's messages keep their order; others wait for nothing.
pub trait Hooks: Send + Sync + 'static {
    /// Whether anybody looks at this at all. Asked for each message: an atomic load and a look-up, no lock and no
    /// allocation. False: it takes the path without filters.
    fn watches(&self, room: RoomId, kind: Kind, what: Watched) -> bool;

    /// What becomes of a message. Its sender may send it; nothing is written yet. An error of the plugin's own is not
    /// for here: its policy made a decision of it.
    fn check<'a>(&'a self, message: &'a Proposed) -> Later<'a, Passage>;

    /// What becomes of an edit. `after` differs from `before` in content and time alone.
    fn check_edit<'a>(&'a self, before: &'a Proposed, after: &'a Proposed) -> Later<'a, Passage>;

    /// What becomes of a name. A name can't be half taken: held or shadowed means refused, and put up for review.
    fn check_name<'a>(&'a self, name: &'a ProposedName) -> Later<'a, NamePassage>;

    /// Whether somebody may come into a public room.
    fn check_join<'a>(&'a self, join: &'a ProposedJoin) -> Later<'a, JoinPassage>;

    /// Whether a text that begins with `/` may be said by a member of `role`. One that names no command of the room's
    /// bots is plain text.
    ///
    /// # Errors
    /// [`CommandRefusal`] when it names a command that the member may not use, or uses it wrongly.
    fn command(&self, room: RoomId, role: Role, text: &str) -> Result<(), CommandRefusal>;

    /// The commands that a member of `role` may use in `room`, in order of their names.
    fn commands(&self, room: RoomId, role: Role) -> Vec<CommandInfo>;

    /// What a plugin calls itself, by its id; `None` where it does not run.
    fn name_of(&self, plugin: &str) -> Option<Arc<str>> {
        let _nobody_is_here = plugin;
        None
    }

    /// Whether anybody is told of this when it has come into the log of `room`. Asked for each message as
    /// [`Hooks::watches`] is, and as cheap. False: nothing of it is kept for [`Hooks::committed`], and no job is made
    /// for its sake.
    fn hears(&self, room: RoomId, what: Heard<'_>) -> bool {
        let _everything = (room, what);
        true
    }

    /// Somebody is in the lobby for the first time. No event of the room's log says so, because everyone is a member
    /// there; so it is said here. At least once, from a job that was written with the membership, and with the same `at`
    /// each time; failing has the job repeated.
    fn came(&self, lobby: RoomId, user: UserId, at: Timestamp) -> Later<'_, Result<(), Error>> {
        let _nobody_cares = (lobby, user, at);
        Box::pin(std::future::ready(Ok(())))
    }

    /// Hands a press to its bot. When this returns, the press is durable.
    fn pressed(&self, press: Press) -> Later<'_, Result<(), Error>>;

    /// What a batch of the writer put into the logs, as far as [`Hooks::hears`] said that it is heard, or it mentions
    /// somebody. At least once, from the job that follows such a batch; failing has the job repeated.
    fn committed<'a>(&'a self, batch: &'a Committed) -> Later<'a, Result<(), Error>>;
}

/// What a filter may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// A new message.
    Message,
    /// A change to what was said.
    Edit,
}

/// What came into a log, as far as it decides who is told of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Heard<'a> {
    /// A message that says this; it may be a command.
    Message(&'a Content),
    /// A message was edited. Where nobody hears of it, what it said before is kept nowhere.
    Edit,
    /// A message was recalled.
    Recall,
    /// An emoji was put to a message, or taken away.
    Reaction,
    /// Somebody came, went, or is something else now.
    Member,
}

/// What of a room costs nothing to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomBrief {
    /// Its id.
    pub id: RoomId,
    /// What it is for.
    pub kind: RoomKind,
    /// Who may find it.
    pub visibility: Visibility,
    /// Whether it is the room that everyone is in.
    pub is_lobby: bool,
}

/// What of a room is read from the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomDetails {
    /// What it is.
    pub brief: RoomBrief,
    /// Its name; empty for a direct room.
    pub name: String,
    /// Its announcement; empty: none.
    pub announcement: String,
    /// How many members it has; 0 for one that is about to be made.
    pub members: u64,
}

/// A message that somebody wants to send.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// The id that it will have.
    pub id: MessageId,
    /// Where.
    pub room: RoomBrief,
    /// Who.
    pub sender: Arc<UserProfile>,
    /// What they are in the room.
    pub role: Role,
    /// What is said.
    pub content: Content,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Who is meant.
    pub mentions: Vec<UserId>,
    /// When.
    pub at: Timestamp,
    /// 0: a person wrote it; n: a bot wrote it in answer to one with n − 1.
    pub hops: u8,
}

/// What the filters say of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Whether it passes.
    pub decision: Decision,
    /// What it says instead, after every filter that changed it. Checked like what a person sends: what breaks a limit
    /// is refused. Not looked at when it is rejected.
    pub replaced: Option<Replaced>,
    /// What those filters noted that let it pass. Not looked at when it is rejected.
    pub flags: Vec<Flag>,
}

/// What a filter made of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Replaced {
    /// The filter's name.
    pub by: Arc<str>,
    /// Why, for the sender; empty: no reason given.
    pub note: String,
    /// What it says now: of the kind that it had, or text.
    pub content: Content,
}

/// Whether something passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It does.
    Accept,
    /// It does not, and its sender is told why.
    Reject(Refusal),
    /// A moderator decides; its sender knows. In a conversation of two nobody could: there it is refused.
    Hold(Flag),
    /// A moderator decides; its sender sees it sent.
    Shadow(Flag),
    /// Nobody could look at it, for want of time: its sender tries again later.
    Overloaded,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The plugin's name.
    pub by: Arc<str>,
    /// The plugin's id.
    pub plugin: Arc<str>,
    /// The plugin's own stable word, such as `spam`.
    pub rule: String,
    /// For the person; may be empty.
    pub reason: String,
}

/// What a filter noted for those who keep order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The plugin's name.
    pub by: Arc<str>,
    /// The plugin's id.
    pub plugin: Arc<str>,
    /// The plugin's own stable word.
    pub code: String,
    /// For a moderator; may be empty.
    pub note: String,
    /// From 0 to 3.
    pub severity: u8,
}

impl Flag {
    /// The word for a filter that failed, where its policy makes something of it.
    pub const FAILED: &str = "plugin-failed";

    /// Whether the filter said nothing of the message, and its policy spoke for it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.code == Self::FAILED
    }
}

/// A name that somebody wants to give.
#[derive(Clone, Debug)]
pub struct ProposedName {
    /// To what.
    pub subject: NameSubject,
    /// The name.
    pub text: String,
    /// Who gives it.
    pub by: Arc<UserProfile>,
    /// The room, where it is the name of one or about one.
    pub room: Option<RoomDetails>,
}

/// What a name is given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSubject {
    /// To oneself.
    UserName,
    /// To a room.
    RoomName,
    /// No name, but as visible: what stands at the top of a room.
    Announcement,
}

impl NameSubject {
    /// The word in the plugins' interface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserName => "user-name",
            Self::RoomName => "room-name",
            Self::Announcement => "announcement",
        }
    }
}

/// What the filters say of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePassage {
    /// Whether it passes.
    pub decision: Decision,
    /// What to take instead.
    pub replaced: Option<String>,
    /// What those filters noted that let it pass.
    pub flags: Vec<Flag>,
}

/// Somebody who wants to come into a public room.
#[derive(Clone, Debug)]
pub struct ProposedJoin {
    /// The room.
    pub room: RoomDetails,
    /// Who.
    pub user: Arc<UserProfile>,
    /// What they wrote when asking; empty: nothing.
    pub word: String,
}

/// What the gate says of somebody who wants to come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinPassage {
    /// They come in.
    Allow,
    /// They stay out, and are told why.
    Reject(Refusal),
    /// Whoever runs the room decides.
    Ask(Flag),
    /// Nobody could look at it, for want of time: they try again later.
    Overloaded,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandRefusal {
    /// The caller's role is too low for it.
    RoleTooLow,
    /// Its arguments are wrong; the text says how it is used.
    Arguments(String),
}

/// A command of a room's bot, as a client completes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandInfo {
    /// Its name, without the stroke.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// The bot's name.
    pub by: Arc<str>,
    /// The bot's user, whose answers to expect.
    pub bot: UserId,
    /// The least role that may use it.
    pub role: Role,
    /// What it takes, in order.
    pub options: Vec<CommandOption>,
}

/// One thing that a command takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOption {
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// `text`, `integer`, `number`, `boolean`, `user`, `choice`, …
    pub kind: String,
    /// The words to choose from, where it is a choice.
    pub choices: Vec<String>,
    /// Whether it can't be left out.
    pub required: bool,
}

/// A button of a bot's card was pressed.
#[derive(Clone, Debug)]
pub struct Press {
    /// The event's id: as old as the press.
    pub id: Uuid,
    /// The client's own id of the press, where it gave one.
    pub client_id: Option<ClientId>,
    /// The card's message, or the ephemeral one.
    pub message: MessageId,
    /// Where it stands.
    pub room: RoomId,
    /// The card's sender.
    pub bot: UserId,
    /// Who pressed.
    pub user: Arc<UserProfile>,
    /// What they are in the room.
    pub role: Role,
    /// The button's id.
    pub button: String,
    /// The button's value as the card has it; empty: none.
    pub value: String,
    /// When.
    pub at: Timestamp,
    /// What the client speaks that pressed; `None`: it did not say.
    pub locale: Option<Locale>,
}
