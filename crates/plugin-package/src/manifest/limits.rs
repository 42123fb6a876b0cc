//! What a plugin may use up.

use crate::words::words;

words! {
    /// How instances are kept.
    Isolation {
        /// An instance serves many calls; what it keeps in memory is a cache.
        Warm = "warm",
        /// A fresh instance for each call.
        Call = "call",
    }
}

/// `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory of one instance, in MiB; at most [`Limits::MAX_MEMORY_MIB`].
    pub memory_mib: u32,
    /// How instances are kept.
    pub isolation: Isolation,
}

impl Limits {
    /// Memory of a plugin without a bot, in MiB, when the manifest says nothing.
    pub const FILTER_MEMORY_MIB: u32 = 16;
    /// Memory of a plugin with a bot, in MiB, when the manifest says nothing.
    pub const BOT_MEMORY_MIB: u32 = 32;
    /// The most that can be asked for, in MiB.
    pub const MAX_MEMORY_MIB: u32 = 64;
}
