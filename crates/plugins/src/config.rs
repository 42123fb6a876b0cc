//! The section `plugins` of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chain::Spans;

/// The section `plugins`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PluginsConfig {
    /// Whether plugins run at all. Off: none is loaded, and what is installed stays as it is.
    pub enabled: bool,
    /// Whether the plugins that come with the server are installed at its first start.
    pub bundled: bool,
    /// Whether a package must be signed by one of `trusted_keys`. The server's development mode says no unless told
    /// otherwise.
    pub require_signature: bool,
    /// Public keys whose packages are trusted, each with its owner's name: `teahouse-plugin-public:BASE64 Name`.
    pub trusted_keys: Vec<String>,
    /// Where compiled components are kept, in a folder that nobody else can write. None: in the data folder.
    pub cache: Option<PathBuf>,
    /// Warm instances of a filter on this node; 0: as many as there are cores, at most 4.
    pub filter_instances: u16,
    /// Whether `http` may use plain http and reach private addresses. For development: a plugin could then ask what
    /// only this machine can reach.
    pub allow_private_hosts: bool,
    /// How long all filters of a message may take together, in milliseconds; at most 500. A message for which that is not
    /// enough is refused as `unavailable`: it never passes unchecked.
    pub chain_budget_ms: u32,
    /// How long a message waits for filters that others use, in milliseconds, from 10 to 10000. Past it, it is refused as
    /// `unavailable`, with `retry_after_ms`.
    pub filter_wait_ms: u32,
    /// How many calls of a filter wait on behalf of one user on this node, from 1 to 1000. One more is refused as
    /// `unavailable` at once. Users take turns.
    pub filter_waiting_per_user: u16,
    /// How many bots in a row may answer each other; at most 5. A message with so many hops makes no events.
    pub max_hops: u8,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            bundled: true,
            require_signature: true,
            trusted_keys: Vec::new(),
            cache: None,
            filter_instances: 0,
            allow_private_hosts: false,
            chain_budget_ms: 100,
            filter_wait_ms: 2_000,
            filter_waiting_per_user: 16,
            max_hops: 3,
        }
    }
}

impl PluginsConfig {
    const MAX_CHAIN_BUDGET_MS: u32 = 500;
    const MAX_HOPS: u8 = 5;
    const MIN_FILTER_WAIT_MS: u32 = 10;
    const MAX_FILTER_WAIT_MS: u32 = 10_000;
    const MAX_WAITING_PER_USER: u16 = 1_000;

    /// How long all filters of a message may take together.
    #[must_use]
    pub fn chain_budget(&self) -> Duration {
        Duration::from_millis(self.chain_budget_ms.clamp(1, Self::MAX_CHAIN_BUDGET_MS).into())
    }

    /// How long a message may be in the chain.
    pub(crate) fn chain_spans(&self) -> Spans {
        let wait = self.filter_wait_ms.clamp(Self::MIN_FILTER_WAIT_MS, Self::MAX_FILTER_WAIT_MS);
        Spans { budget: self.chain_budget(), wait: Duration::from_millis(wait.into()) }
    }

    /// How many calls of one filter wait on behalf of one user.
    pub(crate) fn waiting_of_one(&self) -> usize {
        self.filter_waiting_per_user.clamp(1, Self::MAX_WAITING_PER_USER).into()
    }

    /// At how many hops a message makes no events any more.
    #[must_use]
    pub fn hop_limit(&self) -> u8 {
        self.max_hops.clamp(1, Self::MAX_HOPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_a_cap_is_the_cap() {
        let wild = PluginsConfig { chain_budget_ms: 60_000, max_hops: 200, ..PluginsConfig::default() };
        assert_eq!((wild.chain_budget().as_millis(), wild.hop_limit()), (500, 5));
        let none = PluginsConfig { chain_budget_ms: 0, max_hops: 0, ..PluginsConfig::default() };
        assert_eq!((none.chain_budget().as_millis(), none.hop_limit()), (1, 1));
        for (wait, waiting, expected) in
            [(0, 0, (10, 1)), (60_000, u16::MAX, (10_000, 1_000)), (50, 7, (50, 7))]
        {
            let config = PluginsConfig {
                filter_wait_ms: wait,
                filter_waiting_per_user: waiting,
                ..PluginsConfig::default()
            };
            assert_eq!((config.chain_spans().wait.as_millis(), config.waiting_of_one()), expected);
        }
    }
}
