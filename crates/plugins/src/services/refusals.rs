//! What a plugin was refused: counted each time, told now and then. A plugin that asks for what it may not have a thousand
//! times a second fills no log.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_plugin_host::Capability;
use teahouse_plugin_host::wit::Error;
use teahouse_protocol::Timestamp;

/// What was denied of a capability is told once in so long.
const TOLD_EVERY: Duration = Duration::from_secs(600);

/// Requests of a plugin that were refused, of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Of which capability.
    pub capability: Capability,
    /// In which way: `denied`, `rate_limited`, `quota`, `too_large`, `invalid`, `not_found`.
    pub why: &'static str,
    /// How many since the node was started.
    pub count: u64,
}

/// What a plugin was refused.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    counts: BTreeMap<(Capability, &'static str), u64>,
    told: BTreeMap<Capability, Told>,
}

#[derive(Default)]
struct Told {
    at: Option<Timestamp>,
    since: u64,
}

impl Refusals {
    /// Counts an answer that is a refusal.
    pub(super) fn count(&self, capability: Capability, error: &Error) {
        if let Some(why) = word(error) {
            *self.0.lock().counts.entry((capability, why)).or_default() += 1;
        }
    }

    /// Of what was denied: how often since it was told last, if it is time to tell.
    pub(super) fn to_tell(&self, capability: Capability, now: Timestamp) -> Option<u64> {
        let mut inner = self.0.lock();
        let told = inner.told.entry(capability).or_default();
        told.since += 1;
        if told.at.is_some_and(|at| now.since(at) < TOLD_EVERY) {
            return None;
        }
        told.at = Some(now);
        Some(std::mem::take(&mut told.since))
    }

    /// All counters now.
    pub(super) fn all(&self) -> Vec<Refused> {
        let inner = self.0.lock();
        let counts = inner.counts.iter();
        counts
            .map(|((capability, why), count)| Refused { capability: *capability, why, count: *count })
            .collect()
    }
}

/// What a refusal is counted as; `None` for an answer that is none.
const fn word(error: &Error) -> Option<&'static str> {
    match error {
        Error::Denied(_) => Some("denied"),
        Error::RateLimited(_) => Some("rate_limited"),
        Error::Quota(_) => Some("quota"),
        Error::TooLarge(_) => Some("too_large"),
        Error::Invalid(_) => Some("invalid"),
        Error::NotFound => Some("not_found"),
        Error::Conflict | Error::Unavailable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_a_thousand_times_is_told_twice() {
        let refusals = Refusals::default();
        let at = |s: i64| Timestamp::from_millis(1_800_000_000_000 + s * 1_000);
        assert_eq!(refusals.to_tell(Capability::Http, at(0)), Some(1));
        for _ in 0..998 {
            assert_eq!(refusals.to_tell(Capability::Http, at(599)), None);
        }
        assert_eq!(refusals.to_tell(Capability::Kv, at(599)), Some(1), "another is told by itself");
        assert_eq!(refusals.to_tell(Capability::Http, at(600)), Some(999));
    }
}
