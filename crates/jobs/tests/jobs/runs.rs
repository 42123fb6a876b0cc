//! When a job runs.

use std::time::Duration;

use teahouse_jobs::{Counts, JobKind, RunnerSettings};
use teahouse_protocol::Clock;

use crate::world::{Act, Begun, Probe, World, on_both};

on_both! {
    async fn what_was_committed_runs_once_and_is_gone(mut world: World) {
        let node = world.node(Act::Succeed);
        let job = world.enqueue(7).await;
        assert_eq!(world.begun().await, Begun { job, payload: 7, attempt: 1 });
        world.settled().await;
        node.stopped().await;
        assert!(world.is_quiet());
    }

    async fn what_was_rolled_back_never_runs(mut world: World) {
        let node = world.node(Act::Succeed);
        let tx = world.db.begin().await.unwrap();
        world.outbox.enqueue(&tx, Probe::NAME, &1, world.clock.now()).await.unwrap();
        tx.rollback().await.unwrap();
        let job = world.enqueue(2).await;
        assert_eq!(world.begun().await.job, job);
        world.settled().await;
        node.stopped().await;
        assert!(world.is_quiet());
    }

    async fn what_another_node_wrote_is_found_by_looking(mut world: World) {
        let settings = RunnerSettings { poll: Duration::from_millis(10), ..RunnerSettings::default() };
        let node = world.other_node(Act::Succeed, settings);
        let job = world.enqueue(1).await;
        assert_eq!(world.begun().await.job, job);
        world.settled().await;
        node.stopped().await;
    }

    async fn what_waited_while_no_node_ran_runs_when_one_begins(mut world: World) {
        world.enqueue(1).await;
        world.enqueue(2).await;
        let node = world.node(Act::Succeed);
        let mut payloads = [world.begun().await.payload, world.begun().await.payload];
        payloads.sort_unstable();
        assert_eq!(payloads, [1, 2]);
        world.settled().await;
        node.stopped().await;
    }

    async fn a_timer_runs_when_its_time_has_come(mut world: World) {
        let node = world.node(Act::Succeed);
        let timer = world.enqueue_at(1, world.clock.now() + Duration::from_secs(3600)).await;
        let now = world.enqueue(2).await;
        assert_eq!(world.begun().await.job, now);
        world.becomes(Counts { waiting: 1, dead: 0 }).await;
        world.pass(Duration::from_secs(3600));
        assert_eq!(world.begun().await.job, timer);
        world.settled().await;
        node.stopped().await;
    }

    async fn rows_of_a_kind_that_nobody_knows_wait(mut world: World) {
        let node = world.node(Act::Succeed);
        let tx = world.db.begin().await.unwrap();
        world.outbox.enqueue(&tx, "of_tomorrow", &"?", world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let job = world.enqueue(1).await;
        assert_eq!(world.begun().await.job, job);
        world.becomes(Counts { waiting: 1, dead: 0 }).await;
        node.stopped().await;
    }

    async fn many_more_than_can_be_under_way_all_run_once(mut world: World) {
        let rows: Vec<_> = (0..500)
            .map(|payload| world.outbox.row(Probe::NAME, &payload, world.clock.now()).unwrap())
            .collect();
        let tx = world.db.begin().await.unwrap();
        teahouse_store::outbox::insert(&tx, rows).await.unwrap();
        tx.commit().await.unwrap();
        let node = world.node(Act::Succeed);
        let mut seen = Vec::new();
        for _ in 0..500 {
            seen.push(world.begun().await.payload);
        }
        world.settled().await;
        node.stopped().await;
        assert!(world.is_quiet());
        seen.sort_unstable();
        assert_eq!(seen, (0..500).collect::<Vec<u32>>());
    }
}
