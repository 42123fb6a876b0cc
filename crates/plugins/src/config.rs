//! The section `plugins` of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
    /// How long all filters of a message may take together, in milliseconds; at most 500. What is left over then goes by
    /// each one's policy for errors.
    pub chain_budget_ms: u32,
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
            max_hops: 3,
        }
    }
}

impl PluginsConfig {
    const MAX_CHAIN_BUDGET_MS: u32 = 500;
    const MAX_HOPS: u8 = 5;

    /// How long all filters of a message may take together.
    #[must_use]
    pub fn chain_budget(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.chain_budget_ms.clamp(1, Self::MAX_CHAIN_BUDGET_MS).into())
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
    }
}
