//! Who is there, and who is writing.

use std::time::Duration;

use serde_json::json;
use teahouse_protocol::{Clock, ErrorCode};

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
        let world = world.restarted(|settings| settings.chat.offline_after_ms = 300).await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let mut watcher = world.socket(&ann);
        watcher.ask(json!({ "type": "presence", "users": [bob.user_id()] })).await;
        let phone = world.socket(&bob);
        watcher.sees("presence").await;
        drop(phone);
        world.clock.advance(Duration::from_secs(1));
        let again = world.socket(&bob);
        assert_eq!(watcher.sees("presence").await["users"][bob.user_id().to_string()], "online");
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
        // Who does not listen there has nowhere to say it.
        let mut elsewhere = world.socket(&ann);
        assert_eq!(elsewhere.refusal(typing).await, ErrorCode::NotAMember);
    }
}
