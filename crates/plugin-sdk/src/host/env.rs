//! Time and chance.

use std::time::Duration;

use super::raw;

/// Milliseconds since 1970 in UTC, a whole number.
#[must_use]
pub fn now() -> f64 {
    raw::env::now()
}

/// Bytes from the host's cryptographic generator, at most 4096.
#[must_use]
pub fn random(len: u32) -> Vec<u8> {
    raw::env::random(len)
}

/// A random whole number below `bound`; 0 if that is 0.
#[must_use]
pub fn random_below(bound: u32) -> u32 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(random(8)) {
        *to = from;
    }
    // 64 bits of chance for a bound of 32: the bias is below 1 in 4 billion.
    u32::try_from(u64::from_le_bytes(bytes) % u64::from(bound.max(1))).unwrap_or_default()
}

/// Time left to this call before it is cut off.
#[must_use]
pub fn remaining() -> Duration {
    Duration::from_millis(raw::env::remaining().into())
}
