//! What a plugin may ask for.

use std::collections::BTreeSet;

use super::HostPattern;
use crate::words::words;

words! {
    /// The capabilities, each denied until it is granted.
    CapabilityName {
        /// A store of its own.
        Kv = "kv",
        /// Rooms and their members.
        Directory = "directory",
        /// Writing, as its own bot user.
        Messages = "messages",
        /// What was said before.
        History = "history",
        /// Acts of a moderator.
        Moderation = "moderation",
        /// Being called later.
        Timers = "timers",
        /// Requests to hosts outside.
        Http = "http",
    }
}

words! {
    /// The acts of a moderator.
    Act {
        /// Puts a message up for review.
        Flag = "flag",
        /// Recalls anyone's message; refuses a held one.
        Remove = "remove",
        /// Lets a held message through.
        Release = "release",
        /// Keeps a member from writing for a while.
        Mute = "mute",
    }
}

words! {
    /// The methods of HTTP that can be asked for.
    Method {
        /// GET
        Get = "GET",
        /// HEAD
        Head = "HEAD",
        /// POST
        Post = "POST",
        /// PUT
        Put = "PUT",
        /// PATCH
        Patch = "PATCH",
        /// DELETE
        Delete = "DELETE",
    }
}

/// A capability with its numbers: what is asked for, and what is granted. As JSON an object with the name under
/// `capability`: `{"capability":"timers","max":10}`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "capability", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Terms {
    /// A store of its own.
    Kv {
        /// Room for keys and values, in KiB; at most [`Terms::MAX_KV_KIB`].
        quota_kib: u32,
    },
    /// Rooms where it is installed, and their members.
    Directory {},
    /// Writing, as its own bot user.
    Messages {
        /// Messages, edits and reactions in one room a minute; at most [`Terms::MAX_MESSAGES`].
        per_minute: u32,
    },
    /// What was said before, in rooms where it is installed.
    History {},
    /// Acts of a moderator.
    Moderation {
        /// Which acts; one at least.
        acts: BTreeSet<Act>,
    },
    /// Being called later.
    Timers {
        /// Timers at once; at most [`Terms::MAX_TIMERS`].
        max: u32,
    },
    /// Requests to hosts outside.
    Http {
        /// To which hosts; one at least.
        hosts: BTreeSet<HostPattern>,
        /// By which methods; one at least.
        methods: BTreeSet<Method>,
    },
}

impl Terms {
    /// Room in the store when none is named, in KiB.
    pub const DEFAULT_KV_KIB: u32 = 1024;
    /// The largest store, in KiB.
    pub const MAX_KV_KIB: u32 = 64 * 1024;
    /// Messages in a room a minute when none are named.
    pub const DEFAULT_MESSAGES: u32 = 20;
    /// Most messages a minute.
    pub const MAX_MESSAGES: u32 = 600;
    /// Timers at once when none are named.
    pub const DEFAULT_TIMERS: u32 = 10;
    /// Most timers at once.
    pub const MAX_TIMERS: u32 = 100;
    /// Most hosts that can be named.
    pub const MAX_HOSTS: usize = 20;

    /// Which capability it is.
    #[must_use]
    pub fn name(&self) -> CapabilityName {
        match self {
            Self::Kv { .. } => CapabilityName::Kv,
            Self::Directory {} => CapabilityName::Directory,
            Self::Messages { .. } => CapabilityName::Messages,
            Self::History {} => CapabilityName::History,
            Self::Moderation { .. } => CapabilityName::Moderation,
            Self::Timers { .. } => CapabilityName::Timers,
            Self::Http { .. } => CapabilityName::Http,
        }
    }

    /// Whether who was granted these terms was granted `asked` too: the same capability, and nothing more of it.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        match (self, asked) {
            (Self::Kv { quota_kib: mine }, Self::Kv { quota_kib: asked })
            | (Self::Messages { per_minute: mine }, Self::Messages { per_minute: asked })
            | (Self::Timers { max: mine }, Self::Timers { max: asked }) => asked <= mine,
            (Self::Directory {}, Self::Directory {}) | (Self::History {}, Self::History {}) => true,
            (Self::Moderation { acts: mine }, Self::Moderation { acts: asked }) => asked.is_subset(mine),
            (Self::Http { hosts, methods }, Self::Http { hosts: more_hosts, methods: more_methods }) => {
                let reached = |asked: &HostPattern| hosts.iter().any(|mine| mine.covers(asked));
                more_hosts.iter().all(reached) && more_methods.is_subset(methods)
            }
            _ => false,
        }
    }
}

/// A capability that a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Ask {
    /// What for.
    pub terms: Terms,
    /// Whether the plugin works without it. An optional one is not ticked on the consent screen.
    pub optional: bool,
    /// The author's reason, at most 200 characters.
    pub why: Option<String>,
}
