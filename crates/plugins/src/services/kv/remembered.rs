//! What filters read lately: they stand in a message's way.

use std::collections::HashMap;
use std::time::Duration;

use teahouse_protocol::Timestamp;

/// How long a filter believes what it read.
const BELIEVED_FOR: Duration = Duration::from_secs(1);
/// Values remembered for filters, and their bytes. Full: all are forgotten, and read again.
const MOST_REMEMBERED: usize = 1_000;
const MOST_REMEMBERED_BYTES: usize = 1024 * 1024;

/// Values as they were read.
#[derive(Default)]
pub(super) struct Remembered {
    values: HashMap<String, (Timestamp, Option<Vec<u8>>)>,
    bytes: usize,
}

impl Remembered {
    pub(super) fn find(&self, key: &str, now: Timestamp) -> Option<Option<Vec<u8>>> {
        let (read_at, value) = self.values.get(key)?;
        (now.since(*read_at) < BELIEVED_FOR).then(|| value.clone())
    }

    pub(super) fn keep(&mut self, key: &str, value: Option<Vec<u8>>, now: Timestamp) {
        let size = key.len() + value.as_ref().map_or(0, Vec::len);
        if self.values.len() >= MOST_REMEMBERED || self.bytes + size > MOST_REMEMBERED_BYTES {
            *self = Self::default();
        }
        self.forget(key);
        self.bytes += size;
        self.values.insert(key.to_owned(), (now, value));
    }

    pub(super) fn forget(&mut self, key: &str) {
        if let Some((key, (_, value))) = self.values.remove_entry(key) {
            self.bytes = self.bytes.saturating_sub(key.len() + value.map_or(0, |value| value.len()));
        }
    }
}
