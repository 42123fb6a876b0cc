//! What waits for a bot is bounded, and a bot answers nobody for ever.

use std::time::Duration;

use teahouse_store::entity::plugin_event;
use teahouse_store::plugin_events;
use teahouse_store::plugin_events::Room;

use crate::world::{PROBE, World, on_both};

/// Events of one plugin that wait at most.
const MOST: usize = 1_000;

/// Fills the probe's queue up to `count`.
async fn fill(world: &World, count: usize) {
    let now = teahouse_protocol::Clock::now(&*world.clock);
    let events = (0..count).map(|number| plugin_event::Model {
        plugin_id: PROBE.to_owned(),
        id: format!("{number:011x}.test"),
        room_id: None,
        kind: "posted".to_owned(),
        event: "{}".to_owned(),
        hops: 0,
        created_at_ms: now.millis(),
        attempts: 0,
        party: None,
    });
    let queued = plugin_events::insert(
        world.db.writer(),
        events.collect(),
        Room { all: MOST as u64, of_one: MOST as u64 },
    )
    .await
    .unwrap();
    assert_eq!(queued.added, count as u64);
}

on_both! {
    async fn a_full_queue_takes_no_more_and_grows_old(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        world.eventually(async || (world.stats(PROBE).await.waiting == 0).then_some(())).await;
        world.hold_events().await;
        fill(&world, MOST - 1).await;
        for number in 0..3 {
            world.say(&ann, room, &format!("echo {number}")).await.unwrap();
        }
        world.eventually(async || (world.stats(PROBE).await.queue.dropped == 2).then_some(())).await;
        assert_eq!(world.stats(PROBE).await.waiting, MOST as u64);
        world.advance(Duration::from_secs(60 * 60));
        world.plugins.sweep().await.unwrap();
        assert_eq!(world.stats(PROBE).await.waiting, MOST as u64, "an hour to the moment");
        world.advance(Duration::from_secs(1));
        world.plugins.sweep().await.unwrap();
        let stats = world.stats(PROBE).await;
        assert_eq!((stats.waiting, stats.queue.dropped), (0, 2 + MOST as u64));
    }

    async fn a_bot_never_hears_itself(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "echo echo again").await.unwrap();
        ears.hears("echo again").await;
        world.say(&ann, room, "swing").await.unwrap();
        ears.hears("swinging").await;
        ears.until("edited").await;
        // Of what a room sees no person takes more than half.
        world.clock.advance(Duration::from_secs(30));
        world.say(&ann, room, "echo end").await.unwrap();
        ears.hears("end").await;
        world.eventually(async || (world.stats(PROBE).await.waiting == 0).then_some(())).await;
        // Three messages of ann's were handled, and nothing of its own.
        assert_eq!(world.stats(PROBE).await.queue.handled, 3);
        assert_eq!(world.count("SELECT count(*) FROM messages WHERE hops > 0").await, 3);
    }
}
