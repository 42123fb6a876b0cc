//! Timers fire, once, and outlive a restart.

use std::time::Duration;

use crate::world::{Listener, PROBE, World, on_both};

/// The next thing that a bot says, beside greetings.
async fn answer(ears: &mut Listener) -> String {
    loop {
        let said = ears.bot_says().await["content"].as_str().unwrap_or_default().to_owned();
        if !said.starts_with("joined") {
            return said;
        }
    }
}

on_both! {
    async fn a_timer_outlives_a_restart_and_tells_what_it_missed(world: World) {
        world.probe(&[]).await;
        let ann = world.person("ann").await;
        let room = world.room(&ann, &[]).await;
        let mut ears = world.listener(&ann, room).await;
        world.say(&ann, room, "remind tea 10000 10000").await.unwrap();
        assert_eq!(answer(&mut ears).await, "Ok(())");
        drop(ears);
        world.advance(Duration::from_secs(9));
        let world = world.restarted().await;
        let ann = world.person("ann").await;
        let mut ears = world.listener(&ann, room).await;
        world.advance(Duration::from_secs(1));
        assert_eq!(answer(&mut ears).await, "timer tea missed 0");
        world.advance(Duration::from_secs(35));
        assert_eq!(answer(&mut ears).await, "timer tea missed 2");
        world.say(&ann, room, "forget tea").await.unwrap();
        assert_eq!(answer(&mut ears).await, "Ok(true)");
        world.advance(Duration::from_secs(60));
        world.eventually(async || (world.count("SELECT count(*) FROM outbox").await == 0).then_some(())).await;
        assert_eq!(world.stats(PROBE).await.waiting, 0);
    }

    async fn a_timer_has_its_limits(world: World) {
        world.probe(&[]).await;
        let (ann, bob, cid) = (world.person("ann").await, world.person("bob").await, world.person("cid").await);
        let room = world.room(&ann, &[&bob, &cid]).await;
        let mut ears = world.listener(&ann, room).await;
        // Of the two that there may be, one person has one.
        for (who, order, told) in [
            (&cid, "remind soon 9999", "Err(Invalid(\"a delay is from 10 seconds to 49 days\"))"),
            (&cid, "remind often 10000 0", "Err(Invalid(\"a timer repeats every 10 seconds to 49 days\"))"),
            (&ann, "remind one 10000", "Ok(())"),
            (&ann, "remind two 10000", "Err(Quota(1))"),
            (&bob, "remind two 10000", "Ok(())"),
            (&cid, "remind three 10000", "Err(Quota(2))"),
            (&ann, "remind one 20000", "Ok(())"),
        ] {
            // Long enough that its answers are not too many, and too short for the first timer.
            world.clock.advance(Duration::from_secs(2));
            world.say(who, room, order).await.unwrap();
            assert_eq!(answer(&mut ears).await, told, "{order}");
            world.clock.advance(Duration::from_millis(100));
        }
        assert_eq!(world.count("SELECT count(*) FROM plugin_timers").await, 2);
        let jobs = world.count("SELECT count(*) FROM outbox WHERE kind = 'plugin.timer'").await;
        assert_eq!(jobs, 2, "a timer that is set anew leaves nothing behind");
    }
}
