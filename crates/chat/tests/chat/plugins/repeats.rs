//! Sent again: never doubled, never refused after an ack, whatever the filters say by now.

use std::future::poll_fn;
use std::task::Poll;

use serde_json::json;
use teahouse_chat::{Handled, Window};
use teahouse_protocol::{AckState, ErrorCode};

use super::hooks::FakeHooks;
use super::verdicts::{admin, msg};
use crate::world::{World, draft, on_both};

/// Polls work once, so that it is under way.
pub(super) async fn begin<T>(work: &mut std::pin::Pin<Box<dyn Future<Output = T> + Send>>) {
    poll_fn(|cx| {
        assert!(work.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

on_both! {
    /// Its client hung up while a filter looked at it, and sends it again by another connection.
    async fn what_a_filter_began_to_judge_is_judged_once(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut other = world.joined(&bob, room).await;
        let mut phone = world.joined(&ann, room).await;
        let Handled::Later(mut work) = phone.hand_over(&msg(room, "c-1", "slow tea")) else { panic!("it waits") };
        begin(&mut work).await;
        drop((work, phone));
        let mut phone = world.joined(&ann, room).await;
        let permit = async {
            tokio::task::yield_now().await;
            // A second look would refuse it.
            hooks.refuse_everything();
            hooks.permits.add_permits(1);
        };
        let (sent, ()) = tokio::join!(phone.frame(msg(room, "c-1", "slow tea")), permit);
        sent.unwrap();
        let said = other.hears("slow tea").await;
        assert_eq!(phone.until("ack").await["message"], said["id"]);
        assert_eq!(phone.ask(msg(room, "c-1", "slow tea")).await["message"], said["id"]);
        let by_rest = world.chat.send(&ann, room, draft(Some("c-1"), "slow tea")).await.unwrap();
        assert_eq!((json!(by_rest.message.id), by_rest.repeated), (said["id"].clone(), true));
        assert_eq!(hooks.checks(), 1);
        other.has_nothing().await;
        // Refused, it is judged anew: its sender may have thought better of it.
        assert!(world.chat.send(&ann, room, draft(Some("c-2"), "spam")).await.is_err());
        hooks.let_everything_pass();
        world.chat.send(&ann, room, draft(Some("c-2"), "tea")).await.unwrap();
        other.hears("tea").await;
    }

    async fn what_was_sent_is_acknowledged_again_though_it_would_be_refused_now(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let first = phone.ask(msg(room, "c-1", "fine")).await;
        hooks.refuse_everything();
        assert_eq!(phone.ask(msg(room, "c-1", "fine")).await, first);
        let by_rest = world.chat.send(&ann, room, draft(Some("c-1"), "fine")).await.unwrap();
        assert!(by_rest.repeated);
        assert_eq!((json!(by_rest.message.id), by_rest.state), (first["message"].clone(), AckState::Sent));
    }

    async fn what_is_held_stays_held_whatever_the_filters_say_by_now(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let first = phone.ask(msg(room, "c-1", "hold this")).await;
        assert_eq!(first["state"], "held");
        assert_eq!(phone.ask(msg(room, "c-1", "hold this")).await, first);
        hooks.let_everything_pass();
        assert_eq!(phone.ask(msg(room, "c-1", "hold this")).await, first);
        hooks.refuse_everything();
        assert_eq!(phone.ask(msg(room, "c-1", "hold this")).await, first);
        let by_rest = world.chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap();
        assert!(by_rest.repeated);
        assert_eq!((json!(by_rest.message.id), by_rest.state), (first["message"].clone(), AckState::Held));
        other.has_nothing().await;
    }

    async fn what_is_shadowed_is_acknowledged_alike(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let first = phone.ask(msg(room, "c-1", "shadow")).await;
        world.say(&bob, room, "meanwhile").await;
        phone.hears("meanwhile").await;
        assert_eq!(phone.ask(msg(room, "c-1", "shadow")).await, first);
        hooks.refuse_everything();
        assert_eq!(phone.ask(msg(room, "c-1", "shadow")).await, first);
    }

    async fn what_was_released_is_acknowledged_with_its_place_and_comes_once(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let held = phone.ask(msg(room, "c-1", "hold this")).await;
        let id = serde_json::from_value(held["message"].clone()).unwrap();
        world.chat.release(&admin(), id).await.unwrap();
        let said = other.hears("hold this").await;
        for again in 0..3 {
            if again == 1 {
                hooks.refuse_everything();
            }
            phone.frame(msg(room, "c-1", "hold this")).await.unwrap();
            let ack = phone.until("ack").await;
            assert_eq!((&ack["state"], &ack["seq"]), (&json!("sent"), &said["seq"]));
            assert_eq!((&ack["message"], &ack["at"]), (&held["message"], &held["at"]));
        }
        other.has_nothing().await;
        let history = world.chat.history(&bob, room, Window::Newest, 10).await.unwrap();
        assert_eq!(history.items.len(), 1);
    }

    /// The plugin is gone, and with it the look for what it held: the message comes in by the ordinary way. Released
    /// later, it is not doubled.
    async fn what_came_in_since_is_not_doubled_by_a_release(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let _hooks = FakeHooks::at_work(&world);
        let held = world.chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap();
        let world = world.restarted(|_| ()).await;
        let ann = world.person("ann").await;
        let bob = world.person("bob").await;
        let sent = world.chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap();
        assert_eq!((sent.state, sent.repeated), (AckState::Sent, false));
        world.chat.release(&admin(), held.message.id).await.unwrap();
        let history = world.chat.history(&bob, room, Window::Newest, 10).await.unwrap();
        assert_eq!(history.items.iter().map(|message| message.id).collect::<Vec<_>>(), [sent.message.id]);
    }

    /// The server died after it had written the row and before the client heard of it.
    async fn what_was_held_before_a_crash_is_found_after_it(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let _hooks = FakeHooks::at_work(&world);
        let held = world.chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap();
        let world = world.restarted(|_| ()).await;
        let hooks = FakeHooks::at_work(&world);
        hooks.let_everything_pass();
        let ann = world.person("ann").await;
        let again = world.chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap();
        assert_eq!((again.state, again.repeated, again.message.id), (AckState::Held, true, held.message.id));
    }

    async fn sent_at_once_by_two_connections_it_is_held_once(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        let _hooks = FakeHooks::at_work(&world);
        let mut sending = Vec::new();
        for _ in 0..8 {
            let (chat, ann) = (world.chat.clone(), ann.clone());
            sending.push(tokio::spawn(async move {
                chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap().message.id
            }));
        }
        let mut ids = Vec::new();
        for sent in sending {
            ids.push(sent.await.unwrap());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
    }

    /// Compared is what was sent, and not what a filter made of it.
    async fn something_else_is_told_apart_whatever_a_filter_made_of_the_first(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&bob, &[&ann]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let texts = ["tea", "rude tea", "hold this", "shadow this"];
        let mut first = Vec::new();
        for text in texts {
            first.push(phone.ask(msg(room, text, text)).await);
        }
        let conflict = |error: teahouse_chat::Error| error.code() == ErrorCode::IdempotencyConflict;
        for round in 0..3 {
            match round {
                // They would all pass now.
                1 => hooks.let_everything_pass(),
                2 => {
                    world.mute(&bob, room, ann.user_id(), std::time::Duration::from_secs(60)).await;
                    phone.until("member").await;
                }
                _ => {}
            }
            for (text, first) in texts.iter().zip(&first) {
                assert_eq!(phone.ask(msg(room, text, text)).await, *first);
                assert_eq!(phone.refusal(msg(room, text, "else")).await, ErrorCode::IdempotencyConflict);
                let by_rest = world.chat.send(&ann, room, draft(Some(text), "else")).await;
                assert!(by_rest.is_err_and(conflict));
            }
        }
    }

    /// A command that its sender may not use any more was sent all the same.
    async fn a_command_is_acknowledged_again_though_its_sender_may_use_it_no_more(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&bob, &[&ann]).await;
        let _hooks = FakeHooks::at_work(&world);
        world.make_admin(&bob, room, ann.user_id()).await;
        let mut phone = world.joined(&ann, room).await;
        let first = phone.ask(msg(room, "c-1", "/guard off")).await;
        assert_eq!(first["type"], "ack");
        let member = teahouse_chat::PutMember { role: Some(teahouse_protocol::Role::Member), muted_until: None };
        world.chat.put_member(&bob, room, ann.user_id(), member).await.unwrap();
        phone.until("member").await;
        assert_eq!(phone.ask(msg(room, "c-1", "/guard off")).await, first);
        assert_eq!(phone.refusal(msg(room, "c-2", "/guard off")).await, ErrorCode::NotAllowed);
    }

    /// What came in meanwhile under its id is something else: a release brings both.
    async fn what_is_released_is_not_lost_to_something_else_under_its_id(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let _hooks = FakeHooks::at_work(&world);
        let held = world.chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap();
        let world = world.restarted(|_| ()).await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        world.chat.send(&ann, room, draft(Some("c-1"), "tea")).await.unwrap();
        world.chat.release(&admin(), held.message.id).await.unwrap();
        let history = world.chat.history(&bob, room, Window::Newest, 10).await.unwrap();
        let ids: Vec<_> = history.items.iter().map(|message| message.client_id.is_some()).collect();
        assert_eq!(ids, [true, false]);
    }
}
