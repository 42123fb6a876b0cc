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

    /// What both have: of what was granted, what is asked for. `None` when that is nothing.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Kv { quota_kib: one }, Self::Kv { quota_kib: other }) => {
                Some(Self::Kv { quota_kib: *one.min(other) })
            }
            (Self::Messages { per_minute: one }, Self::Messages { per_minute: other }) => {
                Some(Self::Messages { per_minute: *one.min(other) })
            }
            (Self::Timers { max: one }, Self::Timers { max: other }) => {
                Some(Self::Timers { max: *one.min(other) })
            }
            (Self::Directory {}, Self::Directory {}) | (Self::History {}, Self::History {}) => {
                Some(self.clone())
            }
            (Self::Moderation { acts: one }, Self::Moderation { acts: other }) => {
                let acts: BTreeSet<_> = one.intersection(other).copied().collect();
                (!acts.is_empty()).then_some(Self::Moderation { acts })
            }
            (Self::Http { hosts: one, methods: by }, Self::Http { hosts: other, methods: other_methods }) => {
                let hosts: BTreeSet<_> = within(one, other).chain(within(other, one)).cloned().collect();
                let methods: BTreeSet<_> = by.intersection(other_methods).copied().collect();
                (!hosts.is_empty() && !methods.is_empty()).then_some(Self::Http { hosts, methods })
            }
            _ => None,
        }
    }
}

/// Those of `hosts` that are reached by `others` too.
fn within<'h>(
    hosts: &'h BTreeSet<HostPattern>,
    others: &'h BTreeSet<HostPattern>,
) -> impl Iterator<Item = &'h HostPattern> {
    hosts.iter().filter(|host| others.iter().any(|other| other.covers(host)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(json: &str) -> Terms {
        serde_json::from_str(json).unwrap()
    }

    #[track_caller]
    fn check(one: &str, other: &str, both: Option<&str>) {
        let met = terms(one).meet(&terms(other));
        assert_eq!(met, both.map(terms), "{one} {other}");
        assert_eq!(terms(other).meet(&terms(one)), met, "it has no order");
        if let Some(met) = met {
            assert!(terms(one).covers(&met) && terms(other).covers(&met));
        }
    }

    #[test]
    fn what_two_terms_have_in_common_is_no_more_than_either() {
        let acts = |acts: &str| format!(r#"{{"capability":"moderation","acts":[{acts}]}}"#);
        let http = |hosts: &str, methods: &str| {
            format!(r#"{{"capability":"http","hosts":[{hosts}],"methods":[{methods}]}}"#)
        };
        check(
            r#"{"capability":"kv","quota-kib":7}"#,
            r#"{"capability":"kv","quota-kib":9}"#,
            Some(r#"{"capability":"kv","quota-kib":7}"#),
        );
        check(r#"{"capability":"directory"}"#, r#"{"capability":"history"}"#, None);
        check(&acts(r#""flag","mute""#), &acts(r#""mute","remove""#), Some(&acts(r#""mute""#)));
        check(&acts(r#""flag""#), &acts(r#""remove""#), None);
        let (all, one) = (r#""https://*.a.example""#, r#""https://b.a.example""#);
        check(&http(all, r#""GET","POST""#), &http(one, r#""POST""#), Some(&http(one, r#""POST""#)));
        check(&http(r#""https://x.example""#, r#""GET""#), &http(one, r#""GET""#), None);
        check(&http(one, r#""GET""#), &http(one, r#""PUT""#), None);
    }
}
