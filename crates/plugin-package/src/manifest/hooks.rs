//! The hooks that a plugin wants.

use std::{collections::BTreeSet, time::Duration};

use crate::words::words;

words! {
    /// The kinds of messages.
    MessageKind {
        /// Text.
        Text = "text",
        /// An image, with its caption.
        Image = "image",
        /// A voice message.
        Audio = "audio",
        /// A video.
        Video = "video",
        /// A file.
        File = "file",
        /// A link.
        Link = "link",
        /// A place.
        Location = "location",
        /// A card.
        Card = "card",
    }
}

words! {
    /// What happens to a message when the filter fails. Of a name, `flag` takes it and `hold` refuses it, and of a
    /// join both ask the room's moderators. The manifest proposes, the admin decides.
    OnError {
        /// It passes.
        Allow = "allow",
        /// It passes, and is put up for review.
        Flag = "flag",
        /// It waits for a moderator.
        Hold = "hold",
        /// It is refused.
        Reject = "reject",
    }
}

words! {
    /// In which rooms a plugin works.
    Rooms {
        /// In all.
        All = "all",
        /// In those that an admin chooses.
        Chosen = "chosen",
    }
}

words! {
    /// The names that a gate is asked about.
    Subject {
        /// What a user wants to be called.
        UserName = "user-name",
        /// What a room shall be called.
        RoomName = "room-name",
        /// A room's announcement.
        Announcement = "announcement",
    }
}

words! {
    /// The events of bots.
    EventKind {
        /// A message was posted.
        Posted = "posted",
        /// A message was changed.
        Edited = "edited",
        /// A message was taken back.
        Recalled = "recalled",
        /// A reaction came or went.
        Reacted = "reacted",
        /// Someone came, left, was muted or got another role.
        Member = "member",
        /// One of the plugin's commands.
        Command = "command",
        /// One of its buttons.
        Pressed = "pressed",
        /// One of its timers.
        Timer = "timer",
        /// The plugin's own filter held a message back.
        Held = "held",
        /// What later versions of the interface add.
        Other = "other",
    }
}

/// The hooks of a plugin, one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hooks {
    /// Messages and edits before they are stored.
    pub filter: Option<FilterHook>,
    /// Names and joins before they are taken.
    pub gate: Option<GateHook>,
    /// Events after the commit.
    pub bot: Option<BotHook>,
}

/// `[hooks.filter]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterHook {
    /// 0 comes first, 1000 last; ties go by the id.
    pub priority: u16,
    /// Kinds of messages that it looks at; all when none are named.
    pub kinds: BTreeSet<MessageKind>,
    /// Whether it looks at edits too. Yes unless said otherwise: an edit that nobody looks at is a way around.
    pub edits: bool,
    /// Where.
    pub rooms: Rooms,
    /// How long a call may compute (`deadline-ms`, at most [`FilterHook::MAX_RUNNING`]).
    pub running: Duration,
    /// What happens when it fails.
    pub on_error: OnError,
}

impl FilterHook {
    /// How long a call computes at most when the manifest says nothing.
    pub const DEFAULT_RUNNING: Duration = Duration::from_millis(10);
    /// The longest that can be asked for.
    pub const MAX_RUNNING: Duration = Duration::from_millis(50);
    /// The priority when the manifest says nothing.
    pub const DEFAULT_PRIORITY: u16 = 500;
    /// The last place.
    pub const MAX_PRIORITY: u16 = 1000;

    /// How long a call may take with all its waiting: five times its computing, from 50 ms to 200.
    #[must_use]
    pub fn wall(&self) -> Duration {
        wall(self.running)
    }
}

/// `[hooks.gate]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateHook {
    /// 0 comes first, 1000 last; ties go by the id.
    pub priority: u16,
    /// Names that it looks at; all when none are named.
    pub names: BTreeSet<Subject>,
    /// Whether it looks at joins; yes unless said otherwise.
    pub joins: bool,
    /// Where. The names of users belong to no room: they are looked at in any case.
    pub rooms: Rooms,
    /// How long a call may compute, as a filter's.
    pub running: Duration,
    /// What happens when it fails.
    pub on_error: OnError,
}

impl GateHook {
    /// How long a call may take with all its waiting, as a filter's.
    #[must_use]
    pub fn wall(&self) -> Duration {
        wall(self.running)
    }
}

fn wall(running: Duration) -> Duration {
    (running * 5).clamp(Duration::from_millis(50), Duration::from_millis(200))
}

/// `[hooks.bot]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotHook {
    /// Events that it gets; one at least.
    pub events: BTreeSet<EventKind>,
    /// Whether it gets the messages of other plugins too. Its own it never gets.
    pub bots: bool,
    /// In which rooms it gets events without being asked; its commands and buttons work where it is installed.
    pub rooms: Rooms,
    /// How long a call may take with all its waiting (`deadline-ms`, at most [`BotHook::MAX_WALL`]).
    pub wall: Duration,
    /// How long a call may compute (`running-ms`, at most [`BotHook::MAX_RUNNING`]).
    pub running: Duration,
    /// Calls at once on a node; events of one room stay in order.
    pub concurrency: u16,
}

impl BotHook {
    /// How long a call takes at most when the manifest says nothing.
    pub const DEFAULT_WALL: Duration = Duration::from_secs(10);
    /// The longest that can be asked for.
    pub const MAX_WALL: Duration = Duration::from_secs(30);
    /// How long a call computes at most when the manifest says nothing.
    pub const DEFAULT_RUNNING: Duration = Duration::from_millis(200);
    /// The longest that can be asked for.
    pub const MAX_RUNNING: Duration = Duration::from_secs(2);
    /// Calls at once when the manifest says nothing.
    pub const DEFAULT_CONCURRENCY: u16 = 4;
    /// Most calls at once.
    pub const MAX_CONCURRENCY: u16 = 16;
}
