//! Two nodes on one database: each plugin's work is done once, and both do as the admin says.

use std::time::Duration;

use serde_json::json;
use teahouse_plugin_host::QuarantineState;
use teahouse_plugin_package::PluginId;
use teahouse_plugins::PluginNode;
use teahouse_plugins::lifecycle::By;
use teahouse_protocol::RoomId;

use crate::world::{PROBE, World, on_both};

/// How often a bot said this, whichever node it said it on.
async fn said(world: &World, text: &str) -> i64 {
    world.count(&format!("SELECT count(*) FROM messages WHERE content = '{text}'")).await
}

/// Waits until all that was said has been heard, and all that was to be handled was.
async fn settled(world: &World) {
    world
        .eventually(async || {
            let jobs = world.count("SELECT count(*) FROM outbox WHERE kind = 'log.committed'").await;
            let events = world.count("SELECT count(*) FROM plugin_events").await;
            (jobs + events == 0).then_some(())
        })
        .await;
}

async fn nodes(world: &World) -> Vec<PluginNode> {
    world.plugins.nodes(&PluginId::parse(PROBE).unwrap()).await.unwrap()
}

fn is_free(node: &PluginNode) -> bool {
    node.quarantine == QuarantineState::Free
}

/// It fails for each of them.
async fn trap_it(node: &World, room: RoomId, names: [&str; 5]) {
    for name in names {
        let person = node.person(name).await;
        node.chat.join(&person, room).await.unwrap();
        node.say(&person, room, "trap").await.unwrap();
    }
}

on_both! {
    async fn an_event_is_handled_once_whichever_node_heard_it(world: World) {
        world.probe(&[("per-minute = 20", "per-minute = 600")]).await;
        let other = world.another_node().await;
        let (ann, bob) = (world.person("ann").await, other.person("bob").await);
        let room = world.room(&ann, &[&bob]).await;
        for number in 0..10 {
            world.clock.advance(Duration::from_secs(1));
            world.say(&ann, room, &format!("echo here {number}")).await.unwrap();
            other.say(&bob, room, &format!("echo there {number}")).await.unwrap();
            // At the same time of day more than a few would be too many.
            settled(&world).await;
        }
        for number in 0..10 {
            assert_eq!(said(&world, &format!("here {number}")).await, 1);
            assert_eq!(said(&world, &format!("there {number}")).await, 1);
        }
        let handled = world.stats(PROBE).await.queue.handled + other.stats(PROBE).await.queue.handled;
        assert!(handled >= 20, "{handled}");
        other.stop().await;
    }

    async fn a_timer_fires_once_on_two_nodes(world: World) {
        world.probe(&[]).await;
        let other = world.another_node().await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        world.say(&ann, room, "remind tea 10000").await.unwrap();
        settled(&world).await;
        world.advance(Duration::from_secs(10));
        world.eventually(async || (said(&world, "timer tea missed 0").await == 1).then_some(())).await;
        let job = "SELECT count(*) FROM outbox WHERE kind <> 'log.committed'";
        world.eventually(async || (world.count(job).await == 0).then_some(())).await;
        settled(&world).await;
        assert_eq!(said(&world, "timer tea missed 0").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM plugin_timers").await, 0);
        other.stop().await;
    }

    /// One node hands a bot its events, and counts what it sends.
    async fn two_nodes_have_one_quota(world: World) {
        world.probe(&[]).await;
        let other = world.another_node().await;
        let (ann, bob) = (world.person("ann").await, other.person("bob").await);
        let room = world.room(&ann, &[&bob]).await;
        settled(&world).await;
        world.advance(Duration::from_secs(60));
        world.say(&ann, room, "flood 5").await.unwrap();
        other.say(&bob, room, "flood 5").await.unwrap();
        settled(&world).await;
        let flood = world.count("SELECT count(*) FROM messages WHERE content LIKE 'flood _' AND hops = 1").await;
        assert_eq!(flood, 5, "a burst is five");
        other.stop().await;
    }

    async fn settings_and_versions_reach_every_node(world: World) {
        let id = world.probe(&[]).await;
        let other = world.another_node().await;
        let bob = other.person("bob").await;
        let room = other.room(&bob, &[]).await;
        world.configure(&id, json!({ "word": "milk" })).await;
        let generation = world.stats(PROBE).await.generation;
        other.eventually(async || (other.stats(PROBE).await.generation == generation).then_some(())).await;
        assert!(other.say(&bob, room, "with milk").await.is_err());
        world.advance(Duration::from_secs(1));
        world.upgrade(&id, &[("version = \"1.0.0\"", "version = \"1.1.0\"")]).await;
        other.eventually(async || {
            (other.stats(PROBE).await.version.as_deref() == Some("1.1.0")).then_some(())
        }).await;
        let told = world.eventually(async || {
            let nodes = nodes(&world).await;
            nodes.iter().all(|node| !node.lags).then_some(nodes)
        }).await;
        let versions: Vec<_> = told.iter().map(|node| (node.node, node.version.as_deref())).collect();
        assert_eq!(versions, [(world.node, Some("1.1.0")), (other.node, Some("1.1.0"))]);
        assert_eq!(told.iter().filter(|node| node.is_this).count(), 1);
        let last = other.node;
        other.stop().await;
        assert!(nodes(&world).await.iter().all(|node| node.node != last), "who left is not told of");
    }

    async fn a_node_that_lags_is_named(world: World) {
        world.probe(&[]).await;
        let other = teahouse_protocol::NodeId::generate();
        let lags = teahouse_store::entity::plugin_node::Model {
            plugin_id: PROBE.to_owned(),
            node_id: other.uuid(),
            generation: 1,
            version: Some("0.9.0".to_owned()),
            state: "{}".to_owned(),
            problem: None,
            seen_at_ms: teahouse_protocol::Clock::now(&*world.clock).millis(),
        };
        teahouse_store::plugin_nodes::report(world.db.writer(), vec![lags]).await.unwrap();
        // Its bot got its user: it is loaded once more.
        let told = world.eventually(async || {
            let told: Vec<_> = nodes(&world).await.into_iter().map(|node| (node.node, node.lags)).collect();
            (!told[0].1).then_some(told)
        }).await;
        assert_eq!(told, [(world.node, false), (other, true)]);
        world.advance(Duration::from_secs(31));
        let told = world.eventually(async || {
            let nodes = nodes(&world).await;
            (nodes.len() == 1).then_some(nodes)
        }).await;
        assert_eq!(told[0].node, world.node, "who is silent is gone");
    }

    async fn one_nodes_failures_are_its_own_and_the_majoritys_everybodys(world: World) {
        let id = world.probe(&[]).await;
        let other = world.another_node().await;
        let (ann, bob) = (world.person("ann").await, other.person("bob").await);
        let room = world.room(&ann, &[&bob]).await;
        world.eventually(async || (nodes(&world).await.len() == 2).then_some(())).await;
        let crowd = ["ann", "bob", "cat", "dan", "eve"];
        trap_it(&world, room, crowd).await;
        world.eventually(async || {
            nodes(&world).await.iter().any(|node| node.is_this && !is_free(node)).then_some(())
        }).await;
        assert!(world.say(&ann, room, "reject it").await.is_ok(), "spoken for without a call");
        assert!(other.say(&bob, room, "reject it").await.is_err(), "the other node knows nothing of it");
        let everybodys = "SELECT count(*) FROM plugins WHERE state LIKE '%quarantined%'";
        assert_eq!(world.count(everybodys).await, 0);
        // Its bot half is handed its events by the other.
        other.say(&bob, room, "echo still here").await.unwrap();
        world.eventually(async || (said(&world, "still here").await == 1).then_some(())).await;
        trap_it(&other, room, crowd).await;
        world.eventually(async || (world.count(everybodys).await == 1).then_some(())).await;
        let third = world.another_node().await;
        let eve = third.person("eve").await;
        third.chat.join(&eve, room).await.unwrap();
        assert!(third.say(&eve, room, "reject it").await.is_ok(), "who starts now knows it too");
        world.lifecycle.end_quarantine(&id, &By::operator()).await.unwrap();
        for node in [&world, &other, &third] {
            node.plugins.refresh().await.unwrap();
        }
        assert!(world.say(&ann, room, "reject it").await.is_err());
        assert!(other.say(&bob, room, "reject it").await.is_err());
        third.stop().await;
        other.stop().await;
    }
}
