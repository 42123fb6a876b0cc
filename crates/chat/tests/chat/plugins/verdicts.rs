//! What a filter may say of a message, by both doors.

use serde_json::{Value, json};
use teahouse_chat::{Authority, Error, ReviewFilter, ReviewState, Window};
use teahouse_protocol::{AckState, ErrorCode, Seq};

use super::hooks::{FakeHooks, ID};
use crate::world::{World, draft, first_page, on_both};

pub(super) fn admin() -> Authority {
    Authority::Admin { name: "root".to_owned() }
}

pub(super) fn msg(room: teahouse_protocol::RoomId, id: &str, text: &str) -> Value {
    json!({ "type": "msg", "id": id, "room": room, "content": text })
}

on_both! {
    async fn what_passes_is_sent_as_ever(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let ack = phone.ask(msg(room, "c-1", "tea?")).await;
        assert_eq!((&ack["type"], &ack["state"]), (&json!("ack"), &json!("sent")));
        assert_eq!(other.hears("tea?").await["seq"], ack["seq"]);
        world.say(&bob, room, "yes").await;
        phone.hears("yes").await;
        assert_eq!(hooks.checks(), 2);
        let seen = hooks.seen.lock()[0].clone();
        assert_eq!((seen.sender.name.as_str(), seen.hops, seen.room.id), ("ann", 0, room));
        assert_eq!(json!(seen.id), ack["message"]);
    }

    async fn what_nothing_watches_is_not_looked_at(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        let hooks = FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let place = json!({
            "type": "msg", "room": room, "kind": "location", "content": { "latitude": 1, "longitude": 2 }
        });
        assert_eq!(phone.ask(place).await["state"], "sent");
        assert_eq!(hooks.checks(), 0);
    }

    async fn a_refusal_names_the_filter_and_why(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let by_socket = phone.frame(msg(room, "c-1", "spam, cheap")).await;
        let by_rest = world.chat.send(&ann, room, draft(Some("c-2"), "spam")).await.map(drop);
        for refused in [by_socket, by_rest] {
            // `spam,` is no word that the fake knows: the first passes.
            if let Err(error) = refused {
                assert_eq!(error.code(), ErrorCode::Rejected);
                let refusal = error.refusal().unwrap();
                assert_eq!((&*refusal.by, &*refusal.plugin), ("Guard", ID));
                assert_eq!((refusal.rule.as_str(), refusal.reason.as_str()), ("spam", "no spam"));
            }
        }
        phone.sees("ack").await;
        assert_eq!(phone.refusal(msg(room, "c-3", "spam")).await, ErrorCode::Rejected);
        other.hears("spam, cheap").await;
        other.has_nothing().await;
    }

    async fn a_replaced_message_is_what_everybody_sees_and_the_sender_is_told(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let ack = phone.ask(msg(room, "c-1", "rude words")).await;
        let replaced = json!({ "by": "Guard", "note": "be kind", "kind": "text", "content": "kind words" });
        assert_eq!((&ack["state"], &ack["replaced"]), (&json!("sent"), &replaced));
        other.hears("kind words").await;
        // Sent again: the same ack, and the client learns again what became of it.
        assert_eq!(phone.ask(msg(room, "c-1", "rude words")).await, ack);
        let sent = world.chat.send(&ann, room, draft(None, "rude again")).await.unwrap();
        assert_eq!(serde_json::to_value(&sent.message.content).unwrap(), "kind again");
        assert_eq!(&*sent.replaced.unwrap().by, "Guard");
        other.hears("kind again").await;
    }

    async fn a_replacement_is_checked_like_what_a_person_sends(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        for text in ["huge", "carded"] {
            let Err(Error::Rejected(refusal)) = world.chat.send(&ann, room, draft(None, text)).await else {
                panic!("{text} is refused");
            };
            assert_eq!(refusal.rule, "bad_replacement");
        }
        let history = world.chat.history(&ann, room, Window::Newest, 10).await.unwrap();
        assert!(history.items.is_empty());
    }

    async fn a_held_message_waits_unseen(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let ack = phone.ask(msg(room, "c-1", "hold this")).await;
        assert_eq!((&ack["state"], ack.get("seq")), (&json!("held"), None));
        let sent = world.chat.send(&ann, room, draft(Some("c-2"), "hold that")).await.unwrap();
        assert_eq!((sent.state, sent.repeated, sent.message.seq), (AckState::Held, false, Seq::ZERO));
        other.has_nothing().await;
        for person in [&ann, &bob] {
            let history = world.chat.history(person, room, Window::Newest, 10).await.unwrap();
            assert!(history.items.is_empty());
        }
    }

    async fn a_flagged_message_is_seen_and_put_up_for_review(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let ack = phone.ask(msg(room, "c-1", "odd but fine")).await;
        assert_eq!(ack["state"], "sent");
        other.hears("odd but fine").await;
        // Sent again: one message, one review.
        assert_eq!(phone.ask(msg(room, "c-1", "odd but fine")).await, ack);
        let open = ReviewFilter { room: Some(room), state: ReviewState::Open };
        let reviews = world.chat.reviews_page(&admin(), open, first_page()).await.unwrap().items;
        assert_eq!(reviews.len(), 1);
        let review = &reviews[0];
        assert_eq!((review.plugin.as_str(), review.code.as_str(), review.severity), (ID, "odd", 2));
        assert_eq!(json!(review.message.as_ref().unwrap().id), ack["message"]);
        world.chat.close_review(&Authority::Moderator(ann.clone()), review.id).await.unwrap();
        world.chat.close_review(&admin(), review.id).await.unwrap();
        let closed = ReviewFilter { room: Some(room), state: ReviewState::Closed };
        let closed = world.chat.reviews_page(&admin(), closed, first_page()).await.unwrap().items;
        assert_eq!(closed[0].closed_by, Some(format!("user:{}", ann.user_id())));
        let stranger = world.chat.close_review(&Authority::Moderator(bob), review.id).await;
        assert!(matches!(stranger, Err(Error::NotAllowed(_))));
    }
}
