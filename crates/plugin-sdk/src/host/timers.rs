//! Durable timers, which come back as the event `timer`. Capability `timers`.
#![expect(clippy::missing_errors_doc, reason = "those of every host function")]

use std::time::Duration;

use super::{millis, raw};
use crate::Error;

/// Fires once, after `delay`. A timer of this name is replaced. `payload`: at most 4 KiB.
pub fn once(name: &str, delay: Duration, payload: &str) -> Result<(), Error> {
    Ok(raw::timers::set(name, millis(delay), None, payload)?)
}

/// Fires after `delay`, and then again and again. A timer of this name is replaced.
pub fn every(name: &str, delay: Duration, every: Duration, payload: &str) -> Result<(), Error> {
    Ok(raw::timers::set(name, millis(delay), Some(millis(every)), payload)?)
}

/// Ends it, and says whether there was one.
pub fn cancel(name: &str) -> Result<bool, Error> {
    Ok(raw::timers::cancel(name)?)
}
