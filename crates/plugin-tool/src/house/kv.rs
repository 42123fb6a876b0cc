//! The plugin's store.

use std::collections::BTreeMap;

use teahouse_plugin_host::wit::{Error, KeyPage};

const KEY_BYTES: usize = 256;
const VALUE_BYTES: u32 = 64 * 1024;
const KEYS: usize = 10_000;
const PAGE: usize = 1_000;

/// Keys with values that may end.
pub(super) struct Store {
    quota: usize,
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    value: Vec<u8>,
    ends_ms: Option<u64>,
}

impl Store {
    pub(super) fn new(quota: usize) -> Self {
        Self { quota, entries: BTreeMap::new() }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn get(&mut self, key: &str, now: u64) -> Option<Vec<u8>> {
        self.expire(now);
        self.entries.get(key).map(|entry| entry.value.clone())
    }

    pub(super) fn set(
        &mut self,
        key: String,
        value: Vec<u8>,
        ttl: Option<u32>,
        now: u64,
    ) -> Result<(), Error> {
        self.expire(now);
        if key.is_empty() || key.len() > KEY_BYTES {
            return Err(Error::Invalid(format!("a key has 1 to {KEY_BYTES} bytes")));
        }
        if value.len() > VALUE_BYTES as usize {
            return Err(Error::TooLarge(VALUE_BYTES));
        }
        let size = |(key, entry): (&String, &Entry)| key.len() + entry.value.len();
        let others: usize = self.entries.iter().filter(|(known, _)| **known != key).map(size).sum();
        if others + key.len() + value.len() > self.quota {
            return Err(Error::Quota(u32::try_from(self.quota).unwrap_or(u32::MAX)));
        }
        if !self.entries.contains_key(&key) && self.entries.len() >= KEYS {
            return Err(Error::Quota(KEYS as u32));
        }
        self.entries.insert(key, Entry { value, ends_ms: ttl.map(|ttl| now + u64::from(ttl)) });
        Ok(())
    }

    pub(super) fn delete(&mut self, key: &str, now: u64) -> bool {
        self.expire(now);
        self.entries.remove(key).is_some()
    }

    pub(super) fn swap(
        &mut self,
        key: String,
        old: Option<&[u8]>,
        new: Vec<u8>,
        ttl: Option<u32>,
        now: u64,
    ) -> Result<(), Error> {
        if self.get(&key, now).as_deref() != old {
            return Err(Error::Conflict);
        }
        self.set(key, new, ttl, now)
    }

    pub(super) fn increment(
        &mut self,
        key: String,
        by: i32,
        ttl: Option<u32>,
        now: u64,
    ) -> Result<i32, Error> {
        let sum = match self.get(&key, now) {
            None => by,
            Some(text) => {
                let value: Option<i32> = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
                value.ok_or_else(|| Error::Invalid("the value is no counter".into()))?.saturating_add(by)
            }
        };
        // The end is that of the counter's birth.
        let left = self.entries.get(&key).map(|entry| entry.ends_ms);
        let ttl = left.map_or(ttl, |ends| ends.map(|ends| u32::try_from(ends - now).unwrap_or(u32::MAX)));
        self.set(key, sum.to_string().into_bytes(), ttl, now)?;
        Ok(sum)
    }

    pub(super) fn keys(&mut self, prefix: &str, after: Option<&str>, limit: u32, now: u64) -> KeyPage {
        self.expire(now);
        let matching = self.entries.keys().filter(|key| key.starts_with(prefix));
        let mut rest = matching.filter(|key| after.is_none_or(|after| key.as_str() > after));
        let size = PAGE.min(limit as usize);
        let keys: Vec<String> = rest.by_ref().take(size).cloned().collect();
        let next = rest.next().and(keys.last().cloned());
        KeyPage { keys, next }
    }

    fn expire(&mut self, now: u64) {
        self.entries.retain(|_, entry| entry.ends_ms.is_none_or(|ends| ends > now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_and_a_counter_keeps_its_window() {
        let mut store = Store::new(1000);
        store.set("a".into(), b"1".to_vec(), Some(10), 0).unwrap();
        assert_eq!(store.get("a", 9), Some(b"1".to_vec()));
        assert_eq!(store.get("a", 10), None);
        assert_eq!(store.increment("n".into(), 2, Some(100), 0).unwrap(), 2);
        assert_eq!(store.increment("n".into(), 1, Some(100), 50).unwrap(), 3);
        assert_eq!(store.get("n", 99), Some(b"3".to_vec()));
        assert_eq!(store.increment("n".into(), 1, Some(100), 100).unwrap(), 1);
    }

    #[test]
    fn limits_answer_as_the_server_does() {
        let mut store = Store::new(100);
        assert!(matches!(store.set(String::new(), Vec::new(), None, 0), Err(Error::Invalid(_))));
        assert!(matches!(store.set("k".repeat(257), Vec::new(), None, 0), Err(Error::Invalid(_))));
        assert!(matches!(store.set("a".into(), vec![0; 70_000], None, 0), Err(Error::TooLarge(_))));
        assert!(store.set("a".into(), vec![0; 99], None, 0).is_ok());
        assert!(matches!(store.set("b".into(), Vec::new(), None, 0), Err(Error::Quota(100))));
        assert!(matches!(store.swap("a".into(), Some(b"x"), Vec::new(), None, 0), Err(Error::Conflict)));
        assert!(store.swap("a".into(), Some(&[0; 99]), Vec::new(), None, 0).is_ok());
    }

    #[test]
    fn keys_come_in_pages() {
        let mut store = Store::new(1000);
        for key in ["a/1", "a/2", "a/3", "b"] {
            store.set(key.into(), Vec::new(), None, 0).unwrap();
        }
        let first = store.keys("a/", None, 2, 0);
        assert_eq!((first.keys, first.next.as_deref()), (vec!["a/1".into(), "a/2".into()], Some("a/2")));
        let second = store.keys("a/", Some("a/2"), 2, 0);
        assert_eq!((second.keys, second.next), (vec!["a/3".to_owned()], None));
    }
}
