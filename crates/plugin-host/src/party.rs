//! On whose behalf plugins are called, so that nobody takes more than a share.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Somebody on whose behalf a plugin is called, such as the sender of the message that it looks at: a number that is the
/// same on each node, and means nothing else here. Parties take turns at instances, and what fails for one of them again and
/// again counts as one failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Party(u64);

impl Party {
    /// The party of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// For whom a hook is called, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallTerms {
    /// On whose behalf; none: on nobody's in particular.
    pub party: Option<Party>,
    /// How long the call waits, for an instance and for whatever else a busy host has to do first; none: for an instance until a
    /// new one could have been made, and for nothing else.
    pub wait: Option<Duration>,
    /// How long it may take once it has one, where that is less than its limits allow; its waits for the host left out.
    pub within: Option<Duration>,
}
