//! The plugin's own store: durable, and shared by its instances on every node. Capability `kv`.
//!
//! A key is 1 to 256 bytes, a value at most 64 KiB. All fail with [`Error::Denied`] where the capability is not
//! granted, and with [`Error::Quota`], [`Error::TooLarge`], [`Error::RateLimited`] at their limits.
#![expect(clippy::missing_errors_doc, reason = "the same for all: said above")]

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{millis, raw};
use crate::Error;

/// Keys, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order of their bytes.
    pub keys: Vec<String>,
    /// Pass it as `after` for more; none: that was all.
    pub next: Option<String>,
}

/// The value's bytes.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(raw::kv::get(key)?)
}

/// The value, from JSON.
pub fn get_json<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    get(key)?.map(|bytes| parse(&bytes)).transpose()
}

/// The value of a counter; 0 where there is none.
pub fn get_count(key: &str) -> Result<i32, Error> {
    let Some(bytes) = get(key)? else { return Ok(0) };
    let text = String::from_utf8_lossy(&bytes);
    text.parse().map_err(|_| Error::Unreadable(format!("{key} is no counter")))
}

/// Sets the value's bytes, for good or for `ttl`.
pub fn set(key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Error> {
    Ok(raw::kv::set(key, value, ttl.map(millis))?)
}

/// Sets the value, as JSON.
pub fn set_json<T: Serialize>(key: &str, value: &T, ttl: Option<Duration>) -> Result<(), Error> {
    set(key, &bytes(value)?, ttl)
}

/// Deletes it, and says whether it was there.
pub fn delete(key: &str) -> Result<bool, Error> {
    Ok(raw::kv::delete(key)?)
}

/// Sets it only if it is still `old` (none: no such key), else [`Error::Conflict`].
pub fn swap(key: &str, old: Option<&[u8]>, new: &[u8], ttl: Option<Duration>) -> Result<(), Error> {
    Ok(raw::kv::swap(key, old, new, ttl.map(millis))?)
}

/// Changes a JSON value although others may be changing it: reads it (or the default), lets `change` change it, and
/// swaps; again, a few times, where another was quicker. Gives what was stored.
pub fn update_json<T>(key: &str, mut change: impl FnMut(&mut T)) -> Result<T, Error>
where
    T: Serialize + DeserializeOwned + Default,
{
    const TRIES: usize = 5;
    for _ in 0..TRIES {
        let old = get(key)?;
        let mut value: T = old.as_deref().map(parse).transpose()?.unwrap_or_default();
        change(&mut value);
        match swap(key, old.as_deref(), &bytes(&value)?, None) {
            Err(Error::Conflict) => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(value),
        }
    }
    Err(Error::Conflict)
}

/// Adds to a counter, atomically, and gives the sum. The ttl is set when the counter is born: a window for rate rules.
pub fn increment(key: &str, by: i32, ttl: Option<Duration>) -> Result<i32, Error> {
    Ok(raw::kv::increment(key, by, ttl.map(millis))?)
}

/// The keys with this prefix after `after`, at most 1000 at once.
pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
    let page = raw::kv::keys(prefix, after, limit)?;
    Ok(Page { keys: page.keys, next: page.next })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Unreadable(error.to_string()))
}

fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Invalid(error.to_string()))
}
