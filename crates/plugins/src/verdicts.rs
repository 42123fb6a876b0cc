//! The record of every verdict other than allow: written behind the messages' back, many at once.

mod repeats;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use sha2::{Digest as _, Sha256};
use teahouse_plugin_host::{Hook, wit};
use teahouse_protocol::{MessageId, RoomId, Timestamp, UserId};
use teahouse_store::entity::plugin_verdict;
use teahouse_store::{Db, plugin_verdicts};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use repeats::Repeats;

/// Verdicts waiting to be written. Full: they are counted as dropped; a message never waits for its record.
const QUEUE: usize = 8_192;
/// The most in one write.
const BATCH: usize = 500;
/// Attempts at a batch, and the rest between two of them.
const ATTEMPTS: u32 = 5;
const REST: Duration = Duration::from_secs(1);
/// How often what was only counted is written.
const COUNTED_EVERY: Duration = Duration::from_secs(60);
/// What a failure stands as that lets pass. Every other word did something, and is recorded each time.
pub(crate) const FAILED_ALLOW: &str = "failed_allow";

/// What is known of a verdict beside itself.
pub(crate) struct Record<'a> {
    pub(crate) at: Timestamp,
    pub(crate) plugin: &'a str,
    pub(crate) version: &'a str,
    pub(crate) hook: Hook,
    /// One word, such as `reject`.
    pub(crate) verdict: &'static str,
    /// The plugin's own stable word; empty: none.
    pub(crate) code: &'a str,
    pub(crate) input: Input,
    pub(crate) took: Duration,
    pub(crate) room: Option<RoomId>,
    pub(crate) user: Option<UserId>,
    pub(crate) message: Option<MessageId>,
}

/// The SHA-256 of what was looked at: it tells two inputs apart, and nothing of what was said.
pub(crate) struct Input(String);

/// Takes verdicts.
pub(crate) struct Verdicts {
    /// Gone once it is closed.
    queue: ArcSwapOption<mpsc::Sender<plugin_verdict::Model>>,
    repeats: Arc<Repeats>,
    dropped: Arc<AtomicU64>,
}

impl Input {
    /// Of parts, none of which runs into the next.
    pub(crate) fn of(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let hex = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self(hex)
    }

    pub(crate) fn of_message(message: &wit::Message) -> Self {
        Self::of(&[&message.kind, &message.text, message.content.as_deref().unwrap_or_default()])
    }
}

impl Verdicts {
    /// Takes verdicts until it is closed; the task ends when the last of them is written.
    pub(crate) fn start(db: Db) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let repeats = Arc::new(Repeats::default());
        let task = tokio::spawn(write(db, waiting, Arc::clone(&repeats), Arc::clone(&dropped)));
        (Self { queue: ArcSwapOption::from_pointee(queue), repeats, dropped }, task)
    }

    /// Notes a verdict. Never waits.
    pub(crate) fn note(&self, record: Record<'_>) {
        let row = plugin_verdict::Model {
            id: Uuid::now_v7(),
            at_ms: record.at.millis(),
            plugin_id: record.plugin.to_owned(),
            version: record.version.to_owned(),
            hook: record.hook.name().to_owned(),
            verdict: record.verdict.to_owned(),
            code: record.code.to_owned(),
            input_digest: record.input.0,
            took_us: i32::try_from(record.took.as_micros()).unwrap_or(i32::MAX),
            room_id: record.room.map(RoomId::uuid),
            user_id: record.user.map(UserId::uuid),
            message_id: record.message.map(MessageId::uuid),
            times: 1,
        };
        // Not called at all, as in quarantine: what was called and failed is recorded each time.
        let changed_nothing = record.verdict == FAILED_ALLOW && record.took.is_zero();
        let row = if changed_nothing { self.repeats.take(row) } else { Some(row) };
        let Some(row) = row else { return };
        let taken = self.queue.load().as_ref().is_some_and(|queue| queue.try_send(row).is_ok());
        if !taken {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes no more.
    pub(crate) fn close(&self) {
        self.queue.store(None);
    }

    /// How many were not written.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

async fn write(
    db: Db,
    mut waiting: mpsc::Receiver<plugin_verdict::Model>,
    repeats: Arc<Repeats>,
    dropped: Arc<AtomicU64>,
) {
    let mut ticks = tokio::time::interval(COUNTED_EVERY);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let is_closed = tokio::select! {
            taken = waiting.recv_many(&mut batch, BATCH) => taken == 0,
            _ = ticks.tick() => false,
        };
        // What waited for its minute goes with the end.
        if is_closed || batch.is_empty() {
            batch.extend(repeats.drain());
        }
        let lost = write_batch(&db, std::mem::take(&mut batch)).await;
        dropped.fetch_add(lost, Ordering::Relaxed);
        if is_closed {
            return;
        }
    }
}

/// How many of `batch` were given up.
async fn write_batch(db: &Db, batch: Vec<plugin_verdict::Model>) -> u64 {
    if batch.is_empty() {
        return 0;
    }
    for attempt in 1..=ATTEMPTS {
        match plugin_verdicts::insert(db.writer(), batch.clone()).await {
            Ok(()) => return 0,
            Err(error) => {
                tracing::warn!(%error, verdicts = batch.len(), attempt, "verdicts were not written");
            }
        }
        if attempt < ATTEMPTS {
            tokio::time::sleep(REST).await;
        }
    }
    batch.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_differ_have_different_digests() {
        assert_ne!(Input::of(&["ab", "c"]).0, Input::of(&["a", "bc"]).0);
        assert_eq!(Input::of(&["ab", "c"]).0, Input::of(&["ab", "c"]).0);
        assert_eq!(Input::of(&[]).0.len(), 64);
    }
}
