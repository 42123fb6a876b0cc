//! Limits: how fast somebody may send, and how slowly somebody may read.

use std::time::Duration;

use serde_json::json;
use teahouse_chat::{Error, MailboxLimits};
use teahouse_protocol::{CloseCode, ErrorCode};

use crate::world::{World, draft, on_both};

on_both! {
    async fn too_fast_is_told_when_to_try_again(world: World) {
        let world = world
            .restarted(|settings| {
                settings.limits.messages_per_second = 1;
                settings.limits.message_burst = 3;
            })
            .await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut socket = world.joined(&ann, room).await;
        assert_eq!(socket.hello()["limits"]["message_burst"], 3);
        for _ in 0..3 {
            socket.ask(json!({ "type": "msg", "room": room, "content": "tea" })).await;
        }
        // By either door: the limit is the user's.
        let Err(Error::RateLimited { retry_after }) = world.chat.send(&ann, room, draft(None, "tea")).await else {
            panic!("one past the burst is refused");
        };
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(1));
        let frame = json!({ "type": "msg", "room": room, "content": "tea" });
        assert_eq!(socket.refusal(frame).await, ErrorCode::RateLimited);
        // Others are not held back by it.
        world.say(&bob, room, "calm down").await;
        socket.hears("calm down").await;
    }

    async fn who_reads_too_slowly_is_closed_and_nobody_else_waits(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        let limits = MailboxLimits { frames: 20, bytes: 1 << 20 };
        let mut slow = world.socket_within(&bob, limits);
        slow.join(room).await;
        let mut quick = world.joined(&cid, room).await;
        for count in 0..21 {
            world.say(&ann, room, &count.to_string()).await;
            quick.hears(&count.to_string()).await;
        }
        assert_eq!(slow.rest().await, (Vec::new(), CloseCode::TooSlow));
        // It comes back and has lost nothing.
        drop(slow);
        let mut again = world.socket(&bob);
        again.frame(json!({ "type": "join", "room": room, "since": 3 })).await.unwrap();
        again.sees("joined").await;
        for count in 0..21 {
            again.hears(&count.to_string()).await;
        }
    }

    async fn too_many_bytes_close_as_well(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut slow = world.socket_within(&bob, MailboxLimits { frames: 1000, bytes: 8 * 1024 });
        slow.join(room).await;
        for _ in 0..4 {
            world.say(&ann, room, &"茶".repeat(1000)).await;
        }
        assert_eq!(slow.closed().await, CloseCode::TooSlow);
    }
}
