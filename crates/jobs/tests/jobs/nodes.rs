//! Several nodes, and nodes that end.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use teahouse_jobs::{Company, Counts, JobKind, RunnerSettings};
use teahouse_protocol::{Clock, NodeId};
use teahouse_store::nodes::Presence;
use tokio_util::sync::CancellationToken;

use crate::world::{Act, Probe, World, on_both};

on_both! {
    async fn two_nodes_share_the_work_and_none_is_done_twice(mut world: World) {
        let quick = RunnerSettings {
            poll: Duration::from_millis(5),
            pace: Duration::from_millis(1),
            ..RunnerSettings::default()
        };
        let nodes = [world.other_node(Act::Succeed, quick), world.other_node(Act::Succeed, quick)];
        for batch in 0..20 {
            let rows = (0..20).map(|row| {
                world.outbox.row(Probe::NAME, &(batch * 20 + row), world.clock.now()).unwrap()
            });
            let tx = world.db.begin().await.unwrap();
            teahouse_store::outbox::insert(&tx, rows.collect()).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut seen = Vec::new();
        for _ in 0..400 {
            seen.push(world.begun().await.payload);
        }
        world.settled().await;
        for node in nodes {
            node.stopped().await;
        }
        assert!(world.is_quiet());
        seen.sort_unstable();
        assert_eq!(seen, (0..400).collect::<Vec<u32>>());
    }

    async fn what_a_dead_node_had_claimed_is_done_by_another(mut world: World) {
        let job = world.enqueue(1).await;
        let lease = Duration::from_secs(60);
        world.claim(lease, None).await;

        let node = world.node(Act::Succeed);
        let other = world.enqueue(2).await;
        assert_eq!(world.begun().await.job, other, "the lease still holds");
        world.becomes(Counts { waiting: 1, dead: 0 }).await;
        world.pass(lease);
        let begun = world.begun().await;
        assert_eq!((begun.job, begun.attempt), (job, 2));
        world.settled().await;
        node.stopped().await;
    }

    async fn what_a_killed_node_had_claimed_is_done_at_once_after_the_next_start(mut world: World) {
        let now = world.clock.now();
        let killed = Presence::enter(&world.db, NodeId::generate(), Company::Others, now).await.unwrap();
        let job = world.enqueue(1).await;
        world.claim(Duration::from_secs(60), Some(killed.id())).await;
        // Its session ends with it.
        drop(killed);
        let company = if world.db.is_sqlite() { Company::Alone } else { Company::Others };
        let next = teahouse_jobs::Node::enter(&world.db, world.outbox.clone(), company).await.unwrap();
        let stop = CancellationToken::new();
        let watch = tokio::spawn(next.watch(stop.clone()));
        let runner = world.node(Act::Succeed);
        let begun = world.begun().await;
        assert_eq!((begun.job, begun.attempt), (job, 2));
        world.settled().await;
        runner.stopped().await;
        stop.cancel();
        watch.await.unwrap();
        assert_eq!(world.nodes().await, 0);
    }

    /// The clock ran a day ahead, was put right, and the server started again.
    async fn what_was_written_in_the_future_does_not_wait_for_it(mut world: World) {
        let day = Duration::from_secs(24 * 60 * 60);
        let tomorrow = world.clock.now() + day;
        let row = teahouse_store::outbox::new_row(Probe::NAME, "7".to_owned(), tomorrow, tomorrow);
        let job = row.id;
        teahouse_store::outbox::insert(world.db.writer(), vec![row]).await.unwrap();
        let node = teahouse_jobs::Node::enter(&world.db, world.outbox.clone(), Company::Others).await.unwrap();
        let runner = world.node(Act::Succeed);
        assert_eq!(world.begun().await.job, job);
        world.settled().await;
        runner.stopped().await;
        drop(node);
    }

    async fn a_node_that_lives_keeps_what_it_claimed(mut world: World) {
        let now = world.clock.now();
        let alive = Presence::enter(&world.db, NodeId::generate(), Company::Others, now).await.unwrap();
        world.enqueue(1).await;
        world.claim(Duration::from_secs(60), Some(alive.id())).await;
        let other = Presence::enter(&world.db, NodeId::generate(), Company::Others, now).await.unwrap();
        assert_eq!(other.bury_dead(now).await.unwrap(), 0);
        let free = "SELECT count(*) FROM outbox WHERE lease_until_ms IS NULL";
        assert_eq!(world.count(free).await, 0);
        alive.leave(now).await.unwrap();
        assert_eq!((world.count(free).await, world.nodes().await), (1, 1));
        assert!(world.is_quiet());
    }

    /// As when the database's server is restarted, or an admin ends the session.
    async fn a_node_whose_session_was_lost_takes_its_place_again(mut world: World) {
        let now = world.clock.now();
        let mut node = Presence::enter(&world.db, NodeId::generate(), Company::Others, now).await.unwrap();
        let other = Presence::enter(&world.db, NodeId::generate(), Company::Others, now).await.unwrap();
        if !world.db.is_sqlite() {
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_locks \
                        WHERE locktype = 'advisory' \
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            world.db.writer().execute_unprepared(kill).await.unwrap();
        }
        node.keep(now).await.unwrap();
        assert_eq!(other.bury_dead(now).await.unwrap(), 0, "it lives");
        assert_eq!(world.nodes().await, 2);
        assert!(world.is_quiet());
    }

    async fn a_node_that_stops_ends_what_it_began_and_begins_nothing(mut world: World) {
        let finish = CancellationToken::new();
        let node = world.node(Act::WaitFor(finish.clone()));
        let first = world.enqueue(1).await;
        assert_eq!(world.begun().await.job, first);
        node.stop.cancel();
        world.enqueue(2).await;
        assert!(!node.task.is_finished());
        finish.cancel();
        node.stopped().await;
        world.becomes(Counts { waiting: 1, dead: 0 }).await;
        assert!(world.is_quiet());
    }

    async fn a_database_that_fails_for_a_while_delays_jobs_and_loses_none(mut world: World) {
        let settings = RunnerSettings { poll: Duration::from_millis(10), ..RunnerSettings::default() };
        world.db.writer().execute_unprepared("ALTER TABLE outbox RENAME TO away").await.unwrap();
        let node = world.node_with(Act::Succeed, settings);
        world.outbox.wake();
        tokio::task::yield_now().await;
        world.db.writer().execute_unprepared("ALTER TABLE away RENAME TO outbox").await.unwrap();
        let job = world.enqueue(1).await;
        assert_eq!(world.begun().await.job, job);
        world.settled().await;
        node.stopped().await;
    }
}
