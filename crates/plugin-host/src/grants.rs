//! What a plugin may reach: capabilities, and the set of them that an admin agreed to.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};

/// One group of host functions that is refused until it is granted. `log` and `env` are not among them: they are
/// always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// A store of the plugin's own.
    Kv,
    /// Rooms where it is installed, and their members.
    Directory,
    /// Sending as its own user.
    Messages,
    /// What was said before.
    History,
    /// Flagging, removing, releasing, muting.
    Moderation,
    /// Durable timers.
    Timers,
    /// Requests to the hosts that it names.
    Http,
}

impl Capability {
    /// Every capability, in the interface's order.
    pub const ALL: [Self; 7] = [
        Self::Kv,
        Self::Directory,
        Self::Messages,
        Self::History,
        Self::Moderation,
        Self::Timers,
        Self::Http,
    ];

    /// The name in manifests, errors and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::Directory => "directory",
            Self::Messages => "messages",
            Self::History => "history",
            Self::Moderation => "moderation",
            Self::Timers => "timers",
            Self::Http => "http",
        }
    }

    /// The capability of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }

    /// Whether it may be used before a message is stored, where nothing may be sent and nobody be asked outside.
    #[must_use]
    pub const fn is_for_filters(self) -> bool {
        matches!(self, Self::Kv | Self::Directory)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grants(u8);

impl Grants {
    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// Everything: for the author's own tests.
    #[must_use]
    pub fn all() -> Self {
        Capability::ALL.into_iter().collect()
    }

    /// This set and `capability`.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | capability.bit())
    }

    /// This set without `capability`.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self(self.0 & !capability.bit())
    }

    /// Whether `capability` is in the set.
    #[must_use]
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & capability.bit() != 0
    }

    /// What is in the set.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |capability| self.contains(*capability))
    }
}

impl FromIterator<Capability> for Grants {
    fn from_iter<T: IntoIterator<Item = Capability>>(capabilities: T) -> Self {
        capabilities.into_iter().fold(Self::none(), Self::with)
    }
}

/// Grants that may change while calls run: each host call reads them anew.
#[derive(Debug)]
pub(crate) struct LiveGrants(AtomicU8);

impl LiveGrants {
    pub(crate) const fn new(grants: Grants) -> Self {
        Self(AtomicU8::new(grants.0))
    }

    pub(crate) fn get(&self) -> Grants {
        Grants(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, grants: Grants) {
        self.0.store(grants.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let grants = Grants::none().with(Capability::Kv).with(Capability::Http);
        assert!(grants.contains(Capability::Kv) && grants.contains(Capability::Http));
        assert!(!grants.contains(Capability::Messages));
        assert_eq!(grants.without(Capability::Kv).iter().collect::<Vec<_>>(), [Capability::Http]);
        assert_eq!(Grants::all().iter().count(), Capability::ALL.len());
    }

    #[test]
    fn names_lead_back_to_their_capability() {
        for capability in Capability::ALL {
            assert_eq!(Capability::find(capability.name()), Some(capability));
        }
        assert_eq!(Capability::find("files"), None);
    }
}
