//! Who is there, and who is writing.

use std::time::Duration;

use serde_json::json;
use teahouse_protocol::{Clock, ErrorCode, Timestamp};

use crate::world::{World, on_both};

on_both! {
    async fn a_watcher_is_told_who_comes_and_who_stays_away(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let mut watcher = world.socket(&ann);
        let who = bob.user_id().to_string();
        let nobody = teahouse_protocol::UserId::generate();
        let frame = json!({ "type": "presence", "users": [bob.user_id(), nobody, ann.user_id()] });
        let first = watcher.ask(frame).await;
        assert_eq!(first["users"][ann.user_id().to_string()], "online");
        assert!(first["users"][&who]["last_seen"].is_string());
        assert_eq!(first["users"].as_object().unwrap().len(), 2);
        let phone = world.socket(&bob);
        assert_eq!(watcher.sees("presence").await["users"][&who], "online");
        // Another device more or less makes no difference.
        drop(world.socket(&bob));
        watcher.has_nothing().await;
        world.clock.advance(Duration::from_secs(60));
        let left_at = world.clock.now();
        drop(phone);
        assert_eq!(watcher.sees("presence").await["users"][&who]["last_seen"], json!(left_at));
    }

    /// Somebody who is back within the grace was never away; what counts is the last time they went.
    async fn who_comes_back_soon_was_never_away(world: World) {
        let world = world.restarted(|settings| settings.chat.offline_after_ms = 2_000).await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let mut watcher = world.socket(&ann);
        watcher.ask(json!({ "type": "presence", "users": [bob.user_id()] })).await;
        let phone = world.socket(&bob);
        watcher.sees("presence").await;
        drop(phone);
        world.clock.advance(Duration::from_secs(1));
        // Nobody is told of it, and who asks meanwhile finds them there.
        let mut late = world.socket(&ann);
        let asked = late.ask(json!({ "type": "presence", "users": [bob.user_id()] })).await;
        assert_eq!(asked["users"][bob.user_id().to_string()], "online");
        let again = world.socket(&bob);
        watcher.has_nothing().await;
        world.clock.advance(Duration::from_secs(1));
        let left_at = world.clock.now();
        drop(again);
        let away = watcher.sees("presence").await;
        assert_eq!(away["users"][bob.user_id().to_string()]["last_seen"], json!(left_at));
    }

    async fn typing_is_passed_on_at_most_once_in_three_seconds(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let (room, other) = (world.group(&ann, &[&bob]).await, world.group(&ann, &[&bob]).await);
        let mut writer = world.joined(&ann, room).await;
        writer.join(other).await;
        let mut reader = world.joined(&bob, room).await;
        let typing = json!({ "type": "typing", "room": room });
        for _ in 0..3 {
            writer.frame(typing.clone()).await.unwrap();
            // In another room meanwhile: that is no way around.
            writer.frame(json!({ "type": "typing", "room": other })).await.unwrap();
            world.clock.advance(Duration::from_millis(900));
        }
        assert_eq!(reader.sees("typing").await, json!({ "type": "typing", "room": room, "user": ann.user_id() }));
        world.clock.advance(Duration::from_millis(300));
        writer.frame(typing.clone()).await.unwrap();
        reader.sees("typing").await;
        world.say(&ann, room, "done").await;
        reader.hears("done").await;
        assert_eq!(writer.next().await["type"], "msg");
        // Another device of the same person is no way around either.
        let mut tablet = world.joined(&ann, room).await;
        tablet.frame(typing.clone()).await.unwrap();
        world.say(&ann, room, "really").await;
        reader.hears("really").await;
        // Who does not listen there has nowhere to say it.
        let mut elsewhere = world.socket(&ann);
        assert_eq!(elsewhere.refusal(typing).await, ErrorCode::NotAMember);
    }

    /// What somebody who comes and goes in a loop leaves behind: one row, and no word to those who watch.
    async fn coming_and_going_costs_one_write(world: World) {
        let world = world
            .restarted(|settings| {
                settings.chat.offline_after_ms = 3_600_000;
                settings.chat.gather_ms = 3_600_000;
            })
            .await;
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let mut watcher = world.socket(&ann);
        watcher.ask(json!({ "type": "presence", "users": [bob.user_id(), cid.user_id()] })).await;
        // The first of all is written at once, and what follows together.
        world.clock.advance(Duration::from_secs(1));
        drop(world.socket(&cid));
        watcher.sees("presence").await;
        let first = world.clock.now();
        while last_seen(&world, &cid).await != Some(first) {
            tokio::task::yield_now().await;
        }
        let before = last_seen(&world, &bob).await;
        for _ in 0..200 {
            world.clock.advance(Duration::from_millis(10));
            drop(world.socket(&bob));
        }
        assert_eq!(watcher.sees("presence").await["users"][bob.user_id().to_string()], "online");
        watcher.has_nothing().await;
        assert_eq!(last_seen(&world, &bob).await, before);
        // A server that stops writes it, and that those who are still here were.
        let (left_at, db) = (world.clock.now(), world.db.clone());
        world.clock.advance(Duration::from_secs(1));
        let stopped_at = world.clock.now();
        world.chat.close();
        world.stop().await;
        let seen = async |who: &teahouse_accounts::Session| {
            let row = teahouse_store::users::find(db.conn(), who.user_id()).await.unwrap().unwrap();
            row.last_seen_at_ms.map(Timestamp::from_millis)
        };
        assert_eq!((seen(&bob).await, seen(&ann).await), (Some(left_at), Some(stopped_at)));
        drop(watcher);
    }

    async fn a_connection_watches_so_many_people_and_no_more(world: World) {
        let world = world.restarted(|settings| settings.limits.watched_per_connection = 2).await;
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let mut watcher = world.socket(&ann);
        let ask = |who: &[&teahouse_accounts::Session]| {
            let users: Vec<_> = who.iter().map(|who| who.user_id()).collect();
            json!({ "type": "presence", "users": users })
        };
        watcher.ask(ask(&[&bob])).await;
        // The same again is none more.
        watcher.ask(ask(&[&bob, &ann])).await;
        assert_eq!(watcher.refusal(ask(&[&cid])).await, ErrorCode::InvalidField);
        drop(world.socket(&cid));
        watcher.has_nothing().await;
        let phone = world.socket(&bob);
        watcher.sees("presence").await;
        drop(phone);
        watcher.sees("presence").await;
    }
}

async fn last_seen(world: &World, who: &teahouse_accounts::Session) -> Option<Timestamp> {
    let row = teahouse_store::users::find(world.db.conn(), who.user_id()).await.unwrap().unwrap();
    row.last_seen_at_ms.map(Timestamp::from_millis)
}
