//! A house in which there is nothing.

use teahouse_plugin_host::Services;

pub(crate) struct Nothing;

impl Services for Nothing {
    fn now_ms(&self) -> u64 {
        0
    }
}
