//! The batch writer: the one way into a room's log on this node.
//!
//! What gathers while a transaction runs is the next transaction (group commit): under load a sync of the disk serves
//! hundreds of messages, and a lone message waits for nobody (docs/adr/0025 says what is added on a busy machine). Numbers
//! are given inside the transaction, so that they are dense: what is not committed has no number.

mod apply;
mod batch;
mod entry;
mod heads;
mod pulse;
mod repeats;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use teahouse_protocol::UserId;
use tokio::sync::mpsc;

use batch::Batches;
pub use batch::Committed;
pub use entry::{
    Change, ChangeKind, Entry, FirstAck, MemberEdit, MemberState, NewMessage, NewRoom, Outcome, Release,
    Released, Removal, RoomEdit,
};

use pulse::Pulse;

use crate::{Db, Error};

/// Entries waiting for the writer. Full: the sender is refused and told to try again, because a queue that only
/// grows would answer nobody in time.
const QUEUED_ENTRIES: usize = 16 * 1024;

/// The longest that a transaction waits for more, while more may come.
const PATIENCE: Duration = Duration::from_millis(20);
/// Where others have their turns for as long as this before ours comes again, there is a queue for the processor.
const BUSY_ROUND: Duration = Duration::from_micros(20);

/// Changes of one person in one transaction. Each has statements of its own, for which all others in it wait: whoever makes
/// many at once waits for themselves.
const CHANGES_OF_ONE: usize = 4;

/// An entry, and what its sender wants back with the outcome.
#[derive(Debug)]
pub struct Append<T> {
    /// What to write.
    pub entry: Entry,
    /// Comes back as it is.
    pub ticket: T,
}

/// An entry after its transaction.
#[derive(Debug)]
pub struct Appended<T> {
    /// What was to be written.
    pub entry: Entry,
    /// As it was given.
    pub ticket: T,
    /// What became of it.
    pub outcome: Result<Outcome, Error>,
}

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Too many wait.
    #[error("the writer's queue is full")]
    Full,
    /// The writer has ended.
    #[error("the writer has ended")]
    Closed,
}

/// The sending half: hands entries to the writer. The writer ends when every clone is gone and nothing waits.
#[derive(Debug)]
pub struct WriterQueue<T> {
    entries: mpsc::Sender<Append<T>>,
    pulse: Pulse,
}

impl<T> Clone for WriterQueue<T> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), pulse: self.pulse.clone() }
    }
}

impl<T> WriterQueue<T> {
    /// Hands over `append` without waiting.
    ///
    /// # Errors
    /// [`QueueError`]: `append` is dropped.
    pub fn try_append(&self, append: Append<T>) -> Result<(), QueueError> {
        self.entries.try_send(append).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => QueueError::Full,
            mpsc::error::TrySendError::Closed(_) => QueueError::Closed,
        })
    }

    /// How many entries wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.entries.max_capacity() - self.entries.capacity()
    }

    /// For how long writes have not moved though there were some: the batch under way, or all that the database refused
    /// since it took one. Zero when all is well.
    #[must_use]
    pub fn stuck_for(&self) -> Duration {
        self.pulse.stuck_for()
    }
}

/// The receiving half, before it runs.
#[derive(Debug)]
pub struct BatchWriter<T> {
    entries: mpsc::Receiver<Append<T>>,
    finished: mpsc::Sender<Vec<Appended<T>>>,
    pulse: Pulse,
}

/// The outcomes, a batch at a time, in the order of their numbers.
pub type Finished<T> = mpsc::Receiver<Vec<Appended<T>>>;

/// A writer, the queue that feeds it, and where its outcomes come out.
#[must_use]
pub fn batch_writer<T>() -> (WriterQueue<T>, BatchWriter<T>, Finished<T>) {
    /// Batches whose outcomes nobody took yet. Full: the writer waits, and entries gather before it.
    const FINISHED_BATCHES: usize = 4;
    let (queue, entries) = mpsc::channel(QUEUED_ENTRIES);
    let (finished, outcomes) = mpsc::channel(FINISHED_BATCHES);
    let pulse = Pulse::default();
    let writer = BatchWriter { entries, finished, pulse: pulse.clone() };
    (WriterQueue { entries: queue, pulse }, writer, outcomes)
}

impl<T: Send> BatchWriter<T> {
    /// Writes until every [`WriterQueue`] is gone; what was taken before is still written and answered.
    pub async fn run(mut self, db: Db) {
        let mut batches = Batches::new(db);
        let mut gathered = Vec::new();
        let mut patience = Duration::ZERO;
        while !gathered.is_empty() || self.entries.recv_many(&mut gathered, QUEUED_ENTRIES).await > 0 {
            self.pulse.begin();
            self.gather_more(&mut gathered, patience).await;
            let batch = take_batch(&mut gathered);
            let began = Instant::now();
            let appended = batches.write(batch).await;
            patience = began.elapsed().min(PATIENCE);
            self.pulse.written(&appended);
            if self.finished.send(appended).await.is_err() {
                return;
            }
            self.pulse.end();
        }
    }

    /// Takes what those add who wait for the processor, for as long as the last transaction took: much of what one costs
    /// it costs for a single entry too, and on a busy machine this is time that the others need anyway. On an idle one it
    /// is over at once.
    async fn gather_more(&mut self, gathered: &mut Vec<Append<T>>, patience: Duration) {
        let began = Instant::now();
        let mut round = began;
        loop {
            tokio::task::yield_now().await;
            while gathered.len() < QUEUED_ENTRIES
                && let Ok(append) = self.entries.try_recv()
            {
                gathered.push(append);
            }
            let now = Instant::now();
            if now - round < BUSY_ROUND || now - began >= patience || gathered.len() >= QUEUED_ENTRIES {
                return;
            }
            round = now;
        }
    }

    /// Numbers messages without keeping them: for benchmarks that measure everything but the database. Knows no
    /// repeats; after a restart numbers begin anew.
    pub async fn run_without_history(mut self, db: Db) {
        let mut batches = Batches::new(db);
        let mut heads = HashMap::new();
        let mut gathered = Vec::new();
        while self.entries.recv_many(&mut gathered, QUEUED_ENTRIES).await > 0 {
            let appended = batch::number_only(&mut batches, &mut heads, std::mem::take(&mut gathered)).await;
            if self.finished.send(appended).await.is_err() {
                return;
            }
        }
    }
}

/// What comes into the next transaction; too many changes of one person stay, in their order.
fn take_batch<T>(gathered: &mut Vec<Append<T>>) -> Vec<Append<T>> {
    let mut changes: HashMap<UserId, usize> = HashMap::new();
    let is_in = |append: &mut Append<T>| match &append.entry {
        Entry::Message(_) => true,
        Entry::Change(change) => {
            let made = changes.entry(change.actor).or_default();
            *made += 1;
            *made <= CHANGES_OF_ONE
        }
    };
    gathered.extract_if(.., is_in).collect()
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::{RoomId, Timestamp};

    use super::*;

    fn append(ticket: u8) -> Append<u8> {
        change_of(UserId::generate(), ticket)
    }

    fn change_of(actor: UserId, ticket: u8) -> Append<u8> {
        let room = RoomId::generate();
        let kind = ChangeKind::Unban { user: actor };
        let at = Timestamp::from_millis(0);
        Append {
            entry: Entry::Change(Change { room, actor, at, kind, audit: None, is_heard: false }),
            ticket,
        }
    }

    #[tokio::test]
    async fn who_waits_for_the_processor_joins_the_transaction() {
        let (queue, mut writer, _finished) = batch_writer();
        queue.try_append(append(1)).unwrap();
        let other = tokio::spawn(async move { queue.try_append(append(2)) });
        let mut gathered = Vec::new();
        assert_eq!(writer.entries.recv_many(&mut gathered, QUEUED_ENTRIES).await, 1);
        writer.gather_more(&mut gathered, Duration::ZERO).await;
        assert_eq!(gathered.iter().map(|append| append.ticket).collect::<Vec<_>>(), [1, 2]);
        other.await.unwrap().unwrap();
    }

    #[test]
    fn who_changes_much_waits_for_themselves() {
        let (ann, bob) = (UserId::generate(), UserId::generate());
        let mut gathered: Vec<_> = (0..6).map(|ticket| change_of(ann, ticket)).collect();
        gathered.push(change_of(bob, 10));
        let mut tickets = || take_batch(&mut gathered).iter().map(|append| append.ticket).collect::<Vec<_>>();
        assert_eq!(tickets(), [0, 1, 2, 3, 10]);
        assert_eq!(tickets(), [4, 5]);
        assert!(tickets().is_empty());
    }

    #[tokio::test]
    async fn where_nobody_waits_for_the_processor_a_transaction_waits_for_nobody() {
        let (_queue, mut writer, _finished) = batch_writer::<u8>();
        let mut gathered = vec![append(1)];
        writer.gather_more(&mut gathered, Duration::MAX).await;
        assert_eq!(gathered.len(), 1);
    }
}
