//! Running jobs: claim what is due, run it, delete what is done.

mod settle;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use teahouse_protocol::{NodeId, Timestamp};
use teahouse_store::entity::outbox;
use teahouse_store::outbox::Lease;
use teahouse_store::{Db, Error};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::kind::{AnyKind, Failure, JobKind};
use crate::outbox::Outbox;
use settle::{Finished, settle};

/// The most jobs under way on a node. More that are due wait in the database.
const MOST_RUNNING: usize = 64;
/// After a failure of the database, the runner leaves it alone for so long.
const REST: Duration = Duration::from_secs(1);

/// How a runner keeps time. The defaults are meant for production; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct RunnerSettings {
    /// How long a claim holds. A job gets three quarters of it.
    pub lease: Duration,
    /// How often it looks for jobs that other nodes wrote.
    pub poll: Duration,
    /// Two transactions are at least so far apart, so that under load each is about many jobs.
    pub pace: Duration,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self { lease: Duration::from_secs(60), poll: Duration::from_secs(1), pace: Duration::from_millis(25) }
    }
}

/// Runs the jobs of the registered kinds. Rows of other kinds wait for a node that knows them.
pub struct Runner {
    db: Db,
    outbox: Outbox,
    settings: RunnerSettings,
    node: Option<NodeId>,
    kinds: HashMap<&'static str, Arc<dyn AnyKind>>,
}

/// A runner at work.
struct Shift {
    runner: Runner,
    names: Vec<&'static str>,
    running: JoinSet<Result<(), Failure>>,
    rows: HashMap<Id, outbox::Model>,
    /// Done or failed, but the database does not know yet.
    finished: Vec<Finished>,
    /// When it is to look for jobs again, unless it is woken.
    next_look: Instant,
    /// No transaction before this.
    paced_until: Instant,
    stop: CancellationToken,
}

impl Runner {
    /// A runner that `outbox` wakes.
    #[must_use]
    pub fn new(db: Db, outbox: Outbox, settings: RunnerSettings) -> Self {
        Self { db, outbox, settings, node: None, kinds: HashMap::new() }
    }

    /// Says in each claim that it is `node`'s: when that is seen to be gone, nobody waits for the lease's end.
    #[must_use]
    pub fn on(mut self, node: NodeId) -> Self {
        self.node = Some(node);
        self
    }

    /// Makes it run jobs of this kind.
    #[must_use]
    pub fn register<K: JobKind>(mut self, kind: K) -> Self {
        self.kinds.insert(K::NAME, Arc::new(kind));
        self
    }

    /// Runs jobs until `stop`; then claims no more, and waits for those under way until their leases end. What is not
    /// done by then is run again, here or elsewhere.
    pub async fn run(self, stop: CancellationToken) {
        let names = self.kinds.keys().copied().collect();
        let now = Instant::now();
        let shift = Shift {
            runner: self,
            names,
            running: JoinSet::new(),
            rows: HashMap::new(),
            finished: Vec::new(),
            next_look: now,
            paced_until: now,
            stop,
        };
        shift.work().await;
    }
}

impl Shift {
    async fn work(mut self) {
        loop {
            // In this order: after a stop nothing may begin, whatever else is ready.
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(ended) = self.running.join_next_with_id() => self.note(ended),
                () = self.runner.outbox.woken(), if self.has_room() => self.next_look = Instant::now(),
                () = sleep_until(self.next_look), if self.has_room() => {}
                () = sleep_until(self.paced_until), if !self.finished.is_empty() => {}
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                () = sleep_until(self.paced_until) => {}
            }
            self.turn().await;
        }
        self.close().await;
    }

    /// One transaction, if there is anything to do: settles what ended, and claims what is due.
    async fn turn(&mut self) {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.note(ended);
        }
        if let Err(error) = self.try_turn().await {
            tracing::warn!(%error, "jobs wait for the database");
            let rested = Instant::now() + REST;
            (self.next_look, self.paced_until) = (rested, rested);
        }
    }

    async fn try_turn(&mut self) -> Result<(), Error> {
        let is_due = self.look().await?;
        if !is_due && self.finished.is_empty() {
            return Ok(());
        }
        self.paced_until = Instant::now() + self.runner.settings.pace;
        let (now, room) = (self.runner.outbox.now(), MOST_RUNNING - self.running.len());
        let lease = Lease { until: now + self.runner.settings.lease, node: self.runner.node };
        let tx = self.runner.db.begin().await?;
        settle(&tx, &self.finished, now).await?;
        let claimed = if is_due && room > 0 && !self.stop.is_cancelled() {
            teahouse_store::outbox::claim(&tx, &self.names, now, lease, room as u64).await?
        } else {
            Vec::new()
        };
        tx.commit().await?;
        self.finished.clear();
        if claimed.len() == room {
            // There may be more: look again as soon as there is room.
            self.next_look = Instant::now();
        }
        for row in claimed {
            self.begin(row);
        }
        Ok(())
    }

    /// Whether a job is due; if none is, when to look again. Reads only, so that an idle runner takes no lock.
    async fn look(&mut self) -> Result<bool, Error> {
        if !self.has_room() || self.next_look > Instant::now() {
            return Ok(false);
        }
        let next = teahouse_store::outbox::next_due_at(self.runner.db.conn(), &self.names).await?;
        let now = self.runner.outbox.now();
        let wait =
            next.map_or(self.runner.settings.poll, |due| due.since(now)).min(self.runner.settings.poll);
        self.next_look = Instant::now() + wait;
        Ok(next.is_some_and(|due| due <= now))
    }

    fn has_room(&self) -> bool {
        self.running.len() < MOST_RUNNING
    }

    fn begin(&mut self, row: outbox::Model) {
        let Some(kind) = self.runner.kinds.get(row.kind.as_str()).map(Arc::clone) else { return };
        let retries = kind.retries();
        if u16::try_from(row.attempts).unwrap_or(u16::MAX) > retries.attempts {
            // Its attempts ended with their leases, and not otherwise: it may be what ended the nodes.
            let failure = Failure::GiveUp("its node did not survive the last attempt".to_owned());
            self.finished.push(Finished::new(row, Err(failure), retries));
            return;
        }
        let (limit, job) = (self.runner.settings.lease * 3 / 4, row.clone());
        let task = self.running.spawn(async move {
            let too_slow = |_| Err(Failure::Retry(format!("it took longer than {} s", limit.as_secs())));
            timeout(limit, kind.run_row(job)).await.unwrap_or_else(too_slow)
        });
        self.rows.insert(task.id(), row);
    }

    fn note(&mut self, ended: Result<(Id, Result<(), Failure>), JoinError>) {
        let (id, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(Failure::Retry("it panicked".to_owned()))),
        };
        let Some(row) = self.rows.remove(&id) else { return };
        let retries = self.runner.kinds.get(row.kind.as_str()).map(|kind| kind.retries()).unwrap_or_default();
        self.finished.push(Finished::new(row, outcome, retries));
    }

    /// Lets those under way end, and settles them.
    async fn close(mut self) {
        let lease = self.runner.settings.lease;
        let all_end = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                self.note(ended);
            }
        };
        // Each has a limit of its own: a lease is enough for all.
        if timeout(lease, all_end).await.is_err() {
            tracing::warn!(jobs = self.running.len(), "jobs did not end in time and will run again");
        }
        if let Err(error) = self.settle_all().await {
            tracing::warn!(%error, "jobs that were done will run again");
        }
    }

    async fn settle_all(&self) -> Result<(), Error> {
        if self.finished.is_empty() {
            return Ok(());
        }
        let tx = self.runner.db.begin().await?;
        settle(&tx, &self.finished, self.runner.outbox.now()).await?;
        Ok(tx.commit().await?)
    }
}

/// The end of a row's lease, by which its holder is known.
fn lease_of(row: &outbox::Model) -> Timestamp {
    Timestamp::from_millis(row.lease_until_ms.unwrap_or_default())
}
