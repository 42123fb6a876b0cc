//! The store that a plugin keeps: written through to the database. Filters stand in a message's way, so they read
//! through a cache of one second, and what they count is added up here and written many at once.

mod counters;
mod remembered;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_plugin_host::Party;
use teahouse_plugin_host::wit::{Error, KeyPage};
use teahouse_protocol::{Clock, Timestamp};
use teahouse_store::Db;
use teahouse_store::plugin_kv::{self, Quota, WriteError, Writing};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use counters::Counters;
use remembered::Remembered;

use super::answers::{invalid, rate_limited, unavailable};
use super::quota::{Pace, Shared};

/// A key's most bytes.
const MAX_KEY_BYTES: usize = 256;
/// A value's most bytes.
const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Keys of one plugin.
const MAX_KEYS: u64 = 10_000;
/// Keys that one call lists.
const MAX_LISTED: u32 = 1_000;
/// What a bot does with its store in a minute, and what filters and gates write, may come in a fifth of it at once. Each
/// write is a transaction that the messages' own wait for; what filters keep for each message is counted instead.
const BURST_PART: u32 = 5;
/// What filters and gates may count, which is added up and written many at once: two counters a message at 1 000 messages a second.
const FILTER_COUNTS: Pace = Pace::new(120_000, 10_000);

/// Who asks, and on whose behalf: what a filter may wait for is little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Filter(Option<Party>),
    Bot(Option<Party>),
}

impl Asker {
    const fn is_bot(self) -> bool {
        matches!(self, Self::Bot(_))
    }
}

/// What is done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Read,
    Write,
    Count,
}

/// The store of one plugin, on this node.
pub(crate) struct Kv {
    db: Db,
    clock: Arc<dyn Clock>,
    plugin: Arc<str>,
    quota_bytes: AtomicU64,
    per_minute: AtomicU32,
    remembered: Mutex<Remembered>,
    counters: Counters,
    bot_meter: Shared,
    filter_writes: Shared,
    filter_counts: Shared,
    /// Told when something begins to wait for [`Kv::flush`].
    dirty: mpsc::UnboundedSender<Arc<Kv>>,
    is_dirty: AtomicBool,
}

impl Kv {
    pub(crate) fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        plugin: Arc<str>,
        dirty: mpsc::UnboundedSender<Arc<Self>>,
    ) -> Self {
        Self {
            db,
            clock,
            plugin,
            quota_bytes: 0.into(),
            per_minute: 0.into(),
            remembered: Mutex::default(),
            counters: Counters::default(),
            bot_meter: Shared::default(),
            filter_writes: Shared::default(),
            filter_counts: Shared::default(),
            dirty,
            is_dirty: AtomicBool::new(false),
        }
    }

    /// How much it may keep from now on, and how often a minute its bot uses it and its filters write.
    pub(crate) fn set_quota(&self, bytes: u64, per_minute: u32) {
        self.quota_bytes.store(bytes, Ordering::Relaxed);
        self.per_minute.store(per_minute, Ordering::Relaxed);
    }

    fn pace(&self) -> Pace {
        let per_minute = self.per_minute.load(Ordering::Relaxed);
        Pace::new(per_minute, per_minute / BURST_PART)
    }

    fn quota(&self) -> Quota {
        Quota { bytes: self.quota_bytes.load(Ordering::Relaxed), keys: MAX_KEYS }
    }

    pub(crate) async fn get(self: &Arc<Self>, asker: Asker, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.begin(asker, key, Use::Read).await?;
        let now = self.clock.now();
        if !asker.is_bot() {
            if let Some(count) = self.counters.find(key, now) {
                return Ok(Some(count.to_string().into_bytes()));
            }
            self.flush_key(key).await;
            if let Some(value) = self.remembered.lock().find(key, now) {
                return Ok(value);
            }
        }
        let value = plugin_kv::get(self.db.conn(), &self.plugin, key.as_bytes(), now).await;
        let value = value.map_err(|error| unavailable(&error))?;
        if !asker.is_bot() {
            self.remembered.lock().keep(key, value.clone(), now);
        }
        Ok(value)
    }

    pub(crate) async fn set(
        self: &Arc<Self>,
        asker: Asker,
        key: &str,
        value: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        self.begin(asker, key, Use::Write).await?;
        check_value(&value)?;
        let expires_at = self.expiry(ttl_ms);
        self.write(async |mut store| store.set(key.as_bytes(), value, expires_at).await).await?;
        self.forget(key);
        Ok(())
    }

    pub(crate) async fn delete(self: &Arc<Self>, asker: Asker, key: &str) -> Result<bool, Error> {
        self.begin(asker, key, Use::Write).await?;
        let was = self.write(async |mut store| Ok(store.delete(key.as_bytes()).await?)).await?;
        self.forget(key);
        Ok(was)
    }

    pub(crate) async fn swap(
        self: &Arc<Self>,
        asker: Asker,
        key: &str,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl_ms: Option<u32>,
    ) -> Result<(), Error> {
        self.begin(asker, key, Use::Write).await?;
        check_value(&new)?;
        let expires_at = self.expiry(ttl_ms);
        // A filter's own counting of this key comes first, or the swap would undo it.
        self.flush().await;
        let swapped = self
            .write(async |mut store| store.swap(key.as_bytes(), old.as_deref(), new, expires_at).await)
            .await;
        self.forget(key);
        swapped
    }

    pub(crate) async fn increment(
        self: &Arc<Self>,
        asker: Asker,
        key: &str,
        by: i32,
        ttl_ms: Option<u32>,
    ) -> Result<i32, Error> {
        self.begin(asker, key, Use::Count).await?;
        let expires_at = self.expiry(ttl_ms);
        if asker.is_bot() {
            let count =
                self.write(async |mut store| store.increment(key.as_bytes(), by, expires_at).await).await?;
            self.forget(key);
            return Ok(count);
        }
        let now = self.clock.now();
        if !self.counters.knows(key, now) {
            self.flush_key(key).await;
            let value = plugin_kv::get(self.db.conn(), &self.plugin, key.as_bytes(), now).await;
            let count = match value.map_err(|error| unavailable(&error))? {
                Some(value) => Some(counters::number(&value).ok_or_else(|| invalid("that is no counter"))?),
                None => None,
            };
            self.counters.learn(key, count, expires_at, now);
        }
        let count = self.counters.add(key, by, expires_at, now);
        self.wants_flush();
        Ok(count)
    }

    pub(crate) async fn keys(
        self: &Arc<Self>,
        asker: Asker,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, Error> {
        if prefix.len() > MAX_KEY_BYTES || after.is_some_and(|after| after.len() > MAX_KEY_BYTES) {
            return Err(Error::TooLarge(u32::try_from(MAX_KEY_BYTES).unwrap_or(u32::MAX)));
        }
        self.count(asker, Use::Read)?;
        self.flush().await;
        let limit = limit.clamp(1, MAX_LISTED);
        let found = plugin_kv::keys(
            self.db.conn(),
            &self.plugin,
            prefix.as_bytes(),
            after.map(str::as_bytes),
            u64::from(limit) + 1,
            self.clock.now(),
        )
        .await;
        let mut keys: Vec<String> = found
            .map_err(|error| unavailable(&error))?
            .into_iter()
            // Keys come from guests as text, so they are text.
            .filter_map(|key| String::from_utf8(key).ok())
            .collect();
        let more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        let next = keys.last().filter(|_| more).cloned();
        Ok(KeyPage { keys, next })
    }

    /// Writes what filters counted. What can't be written now stays for the next time; what will never be (the quota is
    /// used up) is counted here alone, until its window ends.
    pub(crate) async fn flush(self: &Arc<Self>) {
        self.is_dirty.store(false, Ordering::Release);
        if !self.counters.any_pending() {
            return;
        }
        // A task of its own: the call that waits for it may be dropped at its deadline, and what was taken to be
        // written would then be neither written nor put back.
        let flushed = tokio::spawn({
            let kv = Arc::clone(self);
            async move { kv.flush_now().await }
        });
        if let Err(error) = flushed.await {
            tracing::error!(plugin.id = %self.plugin, %error, "writing counters ended badly");
        }
    }

    async fn flush_now(self: &Arc<Self>) {
        let pending = self.counters.take_pending();
        if pending.is_empty() {
            return;
        }
        match self.try_flush(&pending).await {
            Ok(counts) => self.counters.settle(&pending, &counts, self.clock.now()),
            Err(error) => {
                tracing::warn!(plugin.id = %self.plugin, %error, "counters wait for the database");
                self.counters.put_back(&pending);
                self.wants_flush();
            }
        }
    }

    async fn try_flush(
        &self,
        pending: &[counters::Pending],
    ) -> Result<Vec<Option<i32>>, teahouse_store::Error> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let mut counts = Vec::with_capacity(pending.len());
        {
            let mut store = plugin_kv::write(&tx, &self.plugin, self.quota(), now).await?;
            for one in pending {
                match store.increment(one.key.as_bytes(), one.by, one.expires_at).await {
                    Ok(count) => counts.push(Some(count)),
                    Err(WriteError::Store(error)) => return Err(error),
                    Err(WriteError::Quota | WriteError::Conflict | WriteError::NotANumber) => {
                        counts.push(None);
                    }
                }
            }
        }
        tx.commit().await?;
        Ok(counts)
    }

    async fn write<T>(
        &self,
        act: impl AsyncFnOnce(Writing<'_>) -> Result<T, WriteError>,
    ) -> Result<T, Error> {
        let now = self.clock.now();
        let written = async {
            let tx = self.db.begin().await?;
            let store = plugin_kv::write(&tx, &self.plugin, self.quota(), now).await?;
            let done = act(store).await?;
            tx.commit().await.map_err(teahouse_store::Error::from)?;
            Ok::<T, WriteError>(done)
        };
        written.await.map_err(|error| match error {
            WriteError::Quota => Error::Quota(u32::try_from(self.quota().bytes).unwrap_or(u32::MAX)),
            WriteError::Conflict => Error::Conflict,
            WriteError::NotANumber => invalid("that is no counter"),
            WriteError::Store(error) => unavailable(&error),
        })
    }

    /// What waits of `key` is written before it is read.
    async fn flush_key(self: &Arc<Self>, key: &str) {
        if self.counters.waits(key) {
            self.flush().await;
        }
    }

    fn wants_flush(self: &Arc<Self>) {
        if !self.is_dirty.swap(true, Ordering::AcqRel) {
            // Closed: the server is going down, and flushes by itself.
            let _closing = self.dirty.send(Arc::clone(self));
        }
    }

    /// What every use of a key begins with.
    async fn begin(self: &Arc<Self>, asker: Asker, key: &str, act: Use) -> Result<(), Error> {
        check_key(key)?;
        self.count(asker, act)?;
        if asker.is_bot() {
            // A bot sees what its own filter half counted.
            self.flush().await;
        }
        Ok(())
    }

    fn count(&self, asker: Asker, act: Use) -> Result<(), Error> {
        let now = self.clock.now();
        let counted = match (asker, act) {
            (Asker::Bot(party), _) => self.bot_meter.take(party, self.pace(), now),
            // From memory, for the most part; the host counts those of a call.
            (Asker::Filter(_), Use::Read) => Ok(()),
            (Asker::Filter(party), Use::Write) => self.filter_writes.take(party, self.pace(), now),
            (Asker::Filter(party), Use::Count) => self.filter_counts.take(party, FILTER_COUNTS, now),
        };
        counted.map_err(rate_limited)
    }

    fn expiry(&self, ttl_ms: Option<u32>) -> Option<Timestamp> {
        ttl_ms.map(|ttl| self.clock.now() + Duration::from_millis(ttl.into()))
    }

    fn forget(&self, key: &str) {
        self.remembered.lock().forget(key);
        self.counters.forget(key);
    }
}

/// Whether `key` is one.
pub(crate) fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() {
        return Err(invalid("a key has at least one byte"));
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(Error::TooLarge(u32::try_from(MAX_KEY_BYTES).unwrap_or(u32::MAX)));
    }
    Ok(())
}

/// Whether `value` is small enough.
pub(crate) fn check_value(value: &[u8]) -> Result<(), Error> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(Error::TooLarge(u32::try_from(MAX_VALUE_BYTES).unwrap_or(u32::MAX)));
    }
    Ok(())
}

/// Writes what filters counted, a moment after they began to: many in one transaction. After the stop, what is left is
/// written by who stops.
pub(crate) async fn flush_dirty(
    mut dirty: mpsc::UnboundedReceiver<Arc<Kv>>,
    every: Duration,
    stop: CancellationToken,
) {
    while let Some(Some(first)) = stop.run_until_cancelled(dirty.recv()).await {
        tokio::time::sleep(every).await;
        first.flush().await;
        while let Ok(next) = dirty.try_recv() {
            next.flush().await;
        }
    }
}
