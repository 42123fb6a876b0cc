//! The house in a replay: what a plugin kept can be read, what it keeps now is forgotten afterwards, and the time is that
//! of the message that it looks at.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use teahouse_plugin_host::wit::{Error, KeyPage, MemberPage, Room, User};
use teahouse_plugin_host::{CallContext, Services};
use teahouse_protocol::Timestamp;
use teahouse_store::{Db, plugin_kv};

use crate::services::{check_key, check_value};

/// A value, and when it expires.
type Kept = (Option<Vec<u8>>, Option<i64>);

/// The house in a replay.
pub(super) struct Spectator {
    db: Db,
    plugin: Arc<str>,
    now_ms: AtomicI64,
    /// What was written during the replay, over what the plugin keeps.
    kept: Mutex<Written>,
    /// Bytes that it may write, and keys: a replay of a month is many writes.
    quota_bytes: usize,
}

/// Keys written during a replay.
const MOST_KEYS: usize = 10_000;

/// What was written, and how many bytes that is; a value of `None`: deleted.
#[derive(Default)]
struct Written {
    values: HashMap<String, Kept>,
    bytes: usize,
}

impl Written {
    /// False when there is no room for it. What ended before `now` makes room.
    fn put(&mut self, key: String, new: Kept, now: i64, most_bytes: usize) -> bool {
        if !self.has_room(&key, &new, most_bytes) {
            self.values.retain(|_, (_, end)| end.is_none_or(|end| end > now));
            self.bytes = self.values.iter().map(|(key, kept)| size(key, kept)).sum();
            if !self.has_room(&key, &new, most_bytes) {
                return false;
            }
        }
        self.bytes = self.bytes - self.size_of(&key) + size(&key, &new);
        self.values.insert(key, new);
        true
    }

    fn has_room(&self, key: &str, new: &Kept, most_bytes: usize) -> bool {
        let fits = self.bytes - self.size_of(key) + size(key, new) <= most_bytes;
        fits && (self.values.len() < MOST_KEYS || self.values.contains_key(key))
    }

    fn size_of(&self, key: &str) -> usize {
        self.values.get(key).map_or(0, |kept| size(key, kept))
    }
}

fn size(key: &str, kept: &Kept) -> usize {
    key.len() + kept.0.as_ref().map_or(0, Vec::len)
}

impl Spectator {
    /// Over what `plugin` keeps; of what it writes, no more than `quota_bytes` are remembered.
    pub(super) fn new(db: Db, plugin: Arc<str>, quota_bytes: usize) -> Self {
        Self { db, plugin, now_ms: AtomicI64::new(0), kept: Mutex::default(), quota_bytes }
    }

    /// The time of the message that is looked at next.
    pub(super) fn set_now(&self, ms: i64) {
        self.now_ms.store(ms, Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::Relaxed))
    }

    async fn find(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let now = self.now();
        if let Some((value, end)) = self.kept.lock().values.get(key) {
            return Ok(value.clone().filter(|_| end.is_none_or(|end| end > now.millis())));
        }
        let found = plugin_kv::get(self.db.conn(), &self.plugin, key.as_bytes(), now).await;
        found.map_err(|error| Error::Unavailable(error.to_string()))
    }

    fn keep(&self, key: String, value: Option<Vec<u8>>, ttl_ms: Option<u32>) -> Result<(), Error> {
        let end = ttl_ms.map(|ttl| self.now().millis().saturating_add(ttl.into()));
        self.keep_until(key, value, end)
    }

    /// By the limits of the real store.
    fn keep_until(&self, key: String, value: Option<Vec<u8>>, end: Option<i64>) -> Result<(), Error> {
        check_key(&key)?;
        value.as_deref().map_or(Ok(()), check_value)?;
        let now = self.now().millis();
        if self.kept.lock().put(key, (value, end), now, self.quota_bytes) {
            Ok(())
        } else {
            Err(Error::Quota(u32::try_from(self.quota_bytes).unwrap_or(u32::MAX)))
        }
    }
}

#[async_trait]
impl Services for Spectator {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.now().millis()).unwrap_or(0)
    }

    async fn kv_get(&self, _: &CallContext, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.find(&key).await
    }

    async fn kv_set(
        &self,
        _: &CallContext,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        self.keep(key, Some(value), ttl_ms)
    }

    async fn kv_delete(&self, _: &CallContext, key: String) -> Result<bool, Error> {
        let was = self.find(&key).await?.is_some();
        if was {
            self.keep(key, None, None)?;
        }
        Ok(was)
    }

    async fn kv_swap(
        &self,
        _: &CallContext,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        if self.find(&key).await? != old {
            return Err(Error::Conflict);
        }
        self.keep(key, Some(new), ttl_ms)
    }

    async fn kv_increment(
        &self,
        _: &CallContext,
        key: String,
        by: i32,
        ttl_ms: Option<u32>,
    ) -> Result<i32, Error> {
        let Some(value) = self.find(&key).await? else {
            self.keep(key, Some(by.to_string().into_bytes()), ttl_ms)?;
            return Ok(by);
        };
        let count = str::from_utf8(&value).ok().and_then(|digits| digits.parse::<i32>().ok());
        let count = count.ok_or_else(|| Error::Invalid("that is no counter".to_owned()))?.saturating_add(by);
        let end = self.kept.lock().values.get(&key).and_then(|(_, end)| *end);
        self.keep_until(key, Some(count.to_string().into_bytes()), end)?;
        Ok(count)
    }

    async fn kv_keys(
        &self,
        _: &CallContext,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<KeyPage, Error> {
        let limit = limit.clamp(1, 1_000);
        let after = after.as_deref().map(str::as_bytes);
        let stored =
            plugin_kv::keys(self.db.conn(), &self.plugin, prefix.as_bytes(), after, limit.into(), self.now());
        let stored = stored.await.map_err(|error| Error::Unavailable(error.to_string()))?;
        let mut keys: Vec<String> =
            stored.into_iter().filter_map(|key| String::from_utf8(key).ok()).collect();
        let kept = self.kept.lock();
        keys.retain(|key| kept.values.get(key).is_none_or(|(value, _)| value.is_some()));
        let new = kept.values.iter().filter(|(key, (value, _))| {
            value.is_some()
                && key.starts_with(&prefix)
                && after.is_none_or(|after| key.as_bytes() > after)
                && !keys.contains(key)
        });
        let new: Vec<String> = new.map(|(key, _)| key.clone()).collect();
        keys.extend(new);
        keys.sort_unstable();
        let more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        let next = keys.last().filter(|_| more).cloned();
        Ok(KeyPage { keys, next })
    }

    async fn directory_get_room(&self, _: &CallContext, _: String) -> Result<Room, Error> {
        Err(Error::NotFound)
    }

    async fn directory_get_user(&self, _: &CallContext, _: String) -> Result<User, Error> {
        Err(Error::NotFound)
    }

    async fn directory_get_role(&self, _: &CallContext, _: String, _: String) -> Result<String, Error> {
        Err(Error::NotFound)
    }

    async fn directory_list_members(
        &self,
        _: &CallContext,
        _: String,
        _: Option<String>,
        _: u32,
    ) -> Result<MemberPage, Error> {
        Err(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_a_replay_has_an_end_and_makes_room_when_it_ends() {
        let mut written = Written::default();
        let value = |bytes: usize| Some(vec![0; bytes]);
        assert!(written.put("a".to_owned(), (value(9), Some(100)), 0, 20));
        assert!(!written.put("b".to_owned(), (value(10), None), 0, 20));
        assert!(written.put("a".to_owned(), (value(19), Some(100)), 0, 20), "in its own place");
        assert!(written.put("b".to_owned(), (value(10), None), 100, 20));
        assert_eq!((written.values.len(), written.bytes), (1, 11));
        for n in 0..MOST_KEYS - 1 {
            assert!(written.put(format!("{n}"), (None, None), 0, usize::MAX));
        }
        assert!(!written.put("more".to_owned(), (None, None), 0, usize::MAX));
    }
}
