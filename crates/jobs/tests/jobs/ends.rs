//! How a job ends that does not simply succeed.

use std::time::Duration;

use teahouse_jobs::{Counts, JobKind, RunnerSettings, page_dead};
use teahouse_protocol::Clock;
use teahouse_store::outbox::Lease;

use crate::world::{Act, Probe, World, on_both};

const WAITING: Counts = Counts { waiting: 1, dead: 0 };
const DEAD: Counts = Counts { waiting: 0, dead: 1 };
/// The longest wait of a probe's retries.
const MINUTE: Duration = Duration::from_secs(60);

on_both! {
    async fn a_failed_job_is_tried_again_later(mut world: World) {
        let node = world.node(Act::FailUntil(2));
        let job = world.enqueue(1).await;
        assert_eq!(world.begun().await.attempt, 1);
        // Let it be put off before time passes.
        released(&world).await;
        world.pass(Duration::from_secs(29));
        let other = world.enqueue(2).await;
        assert_eq!(world.begun().await.job, other, "half the wait is certain");
        released(&world).await;
        world.pass(MINUTE);
        let mut again = [world.begun().await, world.begun().await];
        again.sort_by_key(|begun| begun.payload);
        assert_eq!((again[0].job, again[0].attempt), (job, 2));
        world.settled().await;
        node.stopped().await;
    }

    async fn a_job_that_fails_to_the_last_is_kept_as_dead(mut world: World) {
        let node = world.node(Act::FailUntil(u16::MAX));
        let job = world.enqueue(1).await;
        for attempt in 1..=3 {
            assert_eq!(world.begun().await.attempt, attempt);
            if attempt < 3 {
                released(&world).await;
                world.pass(MINUTE);
            }
        }
        world.becomes(DEAD).await;
        let dead = page_dead(&world.db, None, 10).await.unwrap();
        assert_eq!((dead[0].id, dead[0].attempts, dead[0].last_error.as_deref()), (job, 3, Some("not yet")));
        assert!(dead[0].dead_at.is_some());
        assert!(page_dead(&world.db, Some(job), 10).await.unwrap().is_empty());
        world.pass(MINUTE * 1000);
        node.stopped().await;
        assert!(world.is_quiet());
    }

    /// Such as one that takes the whole node with it each time: its attempts end with their leases, and not otherwise.
    async fn a_job_whose_attempts_are_used_up_is_not_begun_again(mut world: World) {
        world.enqueue(1).await;
        for _ in 0..3 {
            let (now, tx) = (world.clock.now(), world.db.begin().await.unwrap());
            let lease = Lease { until: now + MINUTE, node: None };
            let claimed = teahouse_store::outbox::claim(&tx, &[Probe::NAME], now, lease, 1).await;
            assert_eq!(claimed.unwrap().len(), 1);
            tx.commit().await.unwrap();
            world.pass(MINUTE);
        }
        let node = world.node(Act::Succeed);
        world.becomes(DEAD).await;
        node.stopped().await;
        assert!(world.is_quiet());
    }

    async fn a_job_that_gives_up_is_dead_at_once(mut world: World) {
        let node = world.node(Act::GiveUp);
        world.enqueue(1).await;
        world.becomes(DEAD).await;
        assert_eq!(world.begun().await.attempt, 1);
        node.stopped().await;
    }

    async fn a_payload_that_can_not_be_read_is_dead_at_once(mut world: World) {
        let node = world.node(Act::Succeed);
        let tx = world.db.begin().await.unwrap();
        world.outbox.enqueue(&tx, Probe::NAME, &"no number", world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        world.outbox.wake();
        world.becomes(DEAD).await;
        node.stopped().await;
        assert!(world.is_quiet());
    }

    async fn a_job_that_panics_is_tried_again_and_harms_nobody(mut world: World) {
        let node = world.node(Act::Panic);
        world.enqueue(1).await;
        assert_eq!(world.begun().await.attempt, 1);
        released(&world).await;
        world.pass(MINUTE);
        assert_eq!(world.begun().await.attempt, 2);
        node.stopped().await;
        world.becomes(WAITING).await;
    }

    async fn a_job_that_takes_too_long_counts_as_failed(mut world: World) {
        let lease = Duration::from_millis(200);
        let settings = RunnerSettings { lease, poll: crate::world::NEVER, ..RunnerSettings::default() };
        let node = world.node_with(Act::Hang, settings);
        world.enqueue(1).await;
        assert_eq!(world.begun().await.attempt, 1);
        released(&world).await;
        world.pass(MINUTE);
        assert_eq!(world.begun().await.attempt, 2);
        node.stopped().await;
    }
}

/// Waits until no row is claimed.
async fn released(world: &World) {
    let released = async {
        while leased(world).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), released).await.expect("the attempt's end");
}

async fn leased(world: &World) -> u64 {
    use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
    use teahouse_store::entity::outbox;
    let leased = outbox::Entity::find().filter(outbox::Column::LeaseUntilMs.is_not_null());
    leased.count(world.db.conn()).await.unwrap()
}
