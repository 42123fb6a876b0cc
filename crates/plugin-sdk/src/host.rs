//! What the host offers. In a component these are its functions; elsewhere they are the [`testkit`](crate::testkit)'s.

pub mod directory;
pub mod env;
pub mod history;
pub mod http;
pub mod kv;
pub mod log;
pub mod messages;
pub mod moderation;
pub mod timers;

/// The functions themselves, of the same names and signatures in both cases.
#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::host as raw;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testkit::raw;

/// A span of time in the interface's unit. Longer than 49 days is 49 days.
pub(crate) fn millis(span: std::time::Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}
