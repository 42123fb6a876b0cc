//! The house as a plugin on trial finds it: nothing is there yet, as nothing is granted to it.

use teahouse_plugin_host::Services;

/// Denies whatever the host, which refuses all that is not granted, should ever ask of it.
pub(super) struct Nowhere;

impl Services for Nowhere {
    fn now_ms(&self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }
}
