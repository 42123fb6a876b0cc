//! Slow filters: a connection's messages keep their order, and nobody else waits.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use serde_json::json;
use teahouse_chat::{Error, Handled};

use super::hooks::FakeHooks;
use super::repeats::begin;
use super::verdicts::msg;
use crate::world::{World, on_both};

on_both! {
    async fn a_filter_that_hangs_stops_nobody_else(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut stuck = world.joined(&ann, room).await;
        let mut tablet = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let Handled::Later(mut work) = stuck.hand_over(&msg(room, "c-1", "hang")) else { panic!("it waits") };
        poll_fn(|cx| {
            assert!(work.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        for round in 0..20 {
            let text = format!("round {round}");
            assert_eq!(other.ask(msg(room, &text, &text)).await["type"], "ack");
            tablet.hears(&text).await;
            stuck.hears(&text).await;
        }
        // The client hangs up in the middle of it.
        drop(work);
        drop(stuck);
        assert_eq!(tablet.ask(msg(room, "c-2", "still here")).await["type"], "ack");
    }

    async fn who_is_muted_or_put_out_meanwhile_is_not_heard(world: World) {
        let [ann, bob, eve] = world.people(["ann", "bob", "eve"]).await;
        let room = world.group(&ann, &[&bob, &eve]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut other = world.joined(&ann, room).await;
        let (mut one, mut two) = (world.joined(&bob, room).await, world.joined(&eve, room).await);
        let Handled::Later(mut of_bob) = one.hand_over(&msg(room, "c-1", "slow one")) else { panic!("it waits") };
        let Handled::Later(mut of_eve) = two.hand_over(&msg(room, "c-1", "slow two")) else { panic!("it waits") };
        begin(&mut of_bob).await;
        begin(&mut of_eve).await;
        world.mute(&ann, room, bob.user_id(), Duration::from_secs(60)).await;
        world.chat.remove_member(&ann, room, eve.user_id(), true).await.unwrap();
        hooks.permits.add_permits(2);
        assert!(matches!(of_bob.await, Err(Error::Muted { .. })));
        assert!(matches!(of_eve.await, Err(Error::RoomNotFound)));
        assert_eq!(other.sees("member").await["change"], "muted");
        assert_eq!(other.sees("member").await["change"], "banned");
        other.has_nothing().await;
    }

    async fn a_connections_messages_keep_their_order(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let frames = ["slow one", "two", "slow three", "four", "odd five", "rude six"];
        let speaking = async {
            for text in frames {
                phone.frame(msg(room, text, text)).await.unwrap();
            }
        };
        let permitting = async {
            for _ in 0..2 {
                tokio::task::yield_now().await;
                hooks.permits.add_permits(1);
            }
        };
        tokio::join!(speaking, permitting);
        let mut last = 0;
        for text in ["slow one", "two", "slow three", "four", "odd five", "kind six"] {
            let seq = other.hears(text).await["seq"].as_i64().unwrap();
            assert!(seq > last);
            last = seq;
        }
        for text in frames {
            assert_eq!(phone.sees("ack").await["id"], json!(text));
        }
    }
}
