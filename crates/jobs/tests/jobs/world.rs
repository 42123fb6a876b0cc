//! What a test plays in: an outbox on a database of its own, and jobs that say what happens to them.

use std::sync::Arc;
use std::time::Duration;

use teahouse_jobs::{Counts, Failure, Job, JobKind, Outbox, Retries, Runner, RunnerSettings, counts};
use teahouse_protocol::{Clock, ManualClock, NodeId, Timestamp};
use teahouse_store::Db;
use teahouse_store::outbox::Lease;
pub(crate) use teahouse_testkit::on_both;
use teahouse_testkit::{Fixture, TestDatabase};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longer than any test: what takes so long has not happened by itself.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<ManualClock>,
    told: mpsc::UnboundedSender<Begun>,
    begun: mpsc::UnboundedReceiver<Begun>,
}

/// A runner at work, and how to end it.
pub(crate) struct Node {
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

/// An attempt that began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) job: Uuid,
    pub(crate) payload: u32,
    pub(crate) attempt: u16,
}

/// A job that says when it begins, and then does as it was told.
#[derive(Clone)]
pub(crate) struct Probe {
    told: mpsc::UnboundedSender<Begun>,
    act: Act,
}

#[derive(Clone)]
pub(crate) enum Act {
    Succeed,
    FailUntil(u16),
    GiveUp,
    Panic,
    Hang,
    WaitFor(CancellationToken),
}

impl JobKind for Probe {
    const NAME: &'static str = "probe";
    type Payload = u32;

    async fn run(&self, job: Job<u32>) -> Result<(), Failure> {
        self.told
            .send(Begun { job: job.id, payload: job.payload, attempt: job.attempt })
            .expect("a listener");
        match &self.act {
            Act::Succeed => Ok(()),
            Act::FailUntil(attempt) if job.attempt >= *attempt => Ok(()),
            Act::FailUntil(_) => Err(Failure::Retry("not yet".to_owned())),
            Act::GiveUp => Err(Failure::GiveUp("no use".to_owned())),
            Act::Panic => panic!("a job that panics"),
            Act::Hang => std::future::pending().await,
            Act::WaitFor(event) => {
                event.cancelled().await;
                Ok(())
            }
        }
    }

    fn retries(&self) -> Retries {
        Retries { attempts: 3, first_wait: Duration::from_secs(60), longest_wait: Duration::from_secs(60) }
    }
}

impl Fixture for World {
    async fn new(database: &TestDatabase) -> Self {
        let db = database.migrated().await;
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
        let outbox = Outbox::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let (told, begun) = mpsc::unbounded_channel();
        Self { db, outbox, clock, told, begun }
    }
}

impl World {
    /// A node of settings under which nothing happens unless it is woken.
    pub(crate) fn node(&self, act: Act) -> Node {
        self.node_with(act, RunnerSettings { poll: NEVER, ..RunnerSettings::default() })
    }

    pub(crate) fn node_with(&self, act: Act, settings: RunnerSettings) -> Node {
        self.node_of(&self.outbox, act, settings)
    }

    /// A node that this one's outbox does not wake.
    pub(crate) fn other_node(&self, act: Act, settings: RunnerSettings) -> Node {
        let outbox = Outbox::new(Arc::clone(&self.clock) as Arc<dyn Clock>);
        self.node_of(&outbox, act, settings)
    }

    fn node_of(&self, outbox: &Outbox, act: Act, settings: RunnerSettings) -> Node {
        let probe = Probe { told: self.told.clone(), act };
        let runner = Runner::new(self.db.clone(), outbox.clone(), settings).register(probe);
        let stop = CancellationToken::new();
        Node { task: tokio::spawn(runner.run(stop.clone())), stop }
    }

    /// Asks for a job that is due now, and commits.
    pub(crate) async fn enqueue(&self, payload: u32) -> Uuid {
        self.enqueue_at(payload, self.clock.now()).await
    }

    pub(crate) async fn enqueue_at(&self, payload: u32, due_at: Timestamp) -> Uuid {
        let tx = self.db.begin().await.unwrap();
        let id = self.outbox.enqueue(&tx, Probe::NAME, &payload, due_at).await.unwrap();
        tx.commit().await.unwrap();
        self.outbox.wake();
        id
    }

    /// Claims the one job that is due, as a runner does, and leaves it at that.
    pub(crate) async fn claim(&self, span: Duration, node: Option<NodeId>) {
        let (now, tx) = (self.clock.now(), self.db.begin().await.unwrap());
        let lease = Lease { until: now + span, node };
        let claimed = teahouse_store::outbox::claim(&tx, &[Probe::NAME], now, lease, 10).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(claimed.len(), 1);
    }

    /// How many nodes are known.
    pub(crate) async fn nodes(&self) -> i64 {
        self.count("SELECT count(*) FROM nodes").await
    }

    /// The first column of the first row.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        teahouse_testkit::count(&self.db, sql).await
    }

    /// Lets time pass, and has the runner look at the clock.
    pub(crate) fn pass(&self, span: Duration) {
        self.clock.advance(span);
        self.outbox.wake();
    }

    /// The next attempt that begins, on any node.
    pub(crate) async fn begun(&mut self) -> Begun {
        let next = tokio::time::timeout(Duration::from_secs(20), self.begun.recv());
        next.await.expect("an attempt within twenty seconds").unwrap()
    }

    /// Whether no attempt has begun that was not asked for.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.begun.try_recv().is_err()
    }

    /// Waits until the outbox is so.
    pub(crate) async fn becomes(&self, expected: Counts) {
        let matched = async {
            while counts(&self.db).await.unwrap() != expected {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), matched).await.is_err() {
            panic!("{:?} and never {expected:?}", counts(&self.db).await);
        }
    }

    pub(crate) async fn settled(&self) {
        self.becomes(Counts { waiting: 0, dead: 0 }).await;
    }
}

impl Node {
    /// Stops the node, and waits for what it had under way.
    pub(crate) async fn stopped(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.task).await.expect("an end").unwrap();
    }
}
