//! What is kept is known to those whom it concerns: to moderators that it waits, to its sender what became of it.

use serde_json::json;
use teahouse_chat::{Authority, Error, HeldFilter, HeldStage, HeldState, Window};
use teahouse_protocol::MessageId;

use super::hooks::FakeHooks;
use super::verdicts::{admin, msg};
use crate::world::{World, draft, first_page, on_both};

on_both! {
    async fn moderators_are_sent_to_look_and_nobody_else(world: World) {
        let [ann, bob, eve] = world.people(["ann", "bob", "eve"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let (mut owner, mut phone, mut other) = (world.socket(&ann), world.joined(&bob, room).await, world.socket(&eve));
        let held = phone.ask(msg(room, "c-1", "hold this")).await;
        owner.is_sent_to_look_at(room).await;
        phone.ask(msg(room, "c-2", "odd but fine")).await;
        owner.is_sent_to_look_at(room).await;
        // What one moderator has decided is no more for the others.
        let id: MessageId = serde_json::from_value(held["message"].clone()).unwrap();
        world.chat.refuse(&Authority::Moderator(ann.clone()), id, "no").await.unwrap();
        owner.is_sent_to_look_at(room).await;
        phone.until("notice").await;
        other.has_nothing().await;
        assert!(!phone.is_bothered() && !other.is_bothered());
    }

    async fn a_sender_finds_what_waits_and_what_was_refused(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&bob, room).await;
        let mut ids = Vec::new();
        for (client_id, text) in [("c-1", "hold one"), ("c-2", "hold two"), ("c-3", "hold three"), ("c-4", "shadow")] {
            let ack = phone.ask(msg(room, client_id, text)).await;
            ids.push(serde_json::from_value::<MessageId>(ack["message"].clone()).unwrap());
        }
        world.chat.refuse(&admin(), ids[1], "no contacts").await.unwrap();
        world.chat.recall(&bob, ids[2]).await.unwrap();
        let mine = world.chat.my_held(&bob, room).await.unwrap();
        let known: Vec<_> = mine.iter().map(|held| (held.id, held.state, held.reason.as_deref())).collect();
        // Neither what was taken back, nor what its sender takes for sent.
        assert_eq!(known, [(ids[1], HeldState::Refused, Some("no contacts")), (ids[0], HeldState::Held, None)]);
        assert!(world.chat.my_held(&ann, room).await.unwrap().is_empty());
    }

    async fn refusing_a_shadow_betrays_it_no_more_than_keeping_it(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&bob, room).await;
        let ack = phone.ask(msg(room, "c-1", "shadow")).await;
        let id = serde_json::from_value(ack["message"].clone()).unwrap();
        world.chat.refuse(&admin(), id, "no").await.unwrap();
        world.chat.refuse(&admin(), id, "no").await.unwrap();
        assert!(world.chat.my_held(&bob, room).await.unwrap().is_empty());
        let seen = world.chat.history(&bob, room, Window::Newest, 10).await.unwrap().items;
        assert_eq!(seen.iter().map(|message| message.id).collect::<Vec<_>>(), [id]);
        assert_eq!(phone.ask(msg(room, "c-1", "shadow")).await, ack);
        let refused = HeldFilter { room: None, stage: HeldStage::Refused };
        assert_eq!(world.chat.held_page(&admin(), refused, first_page()).await.unwrap().items.len(), 1);
    }

    async fn what_was_changed_is_noted_for_its_sender_until_they_say_it_otherwise(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let sent = world.chat.send(&ann, room, draft(Some("c-1"), "rude tea")).await.unwrap();
        let noted = sent.replaced.expect("a note");
        let id = sent.message.id;
        let seen = async |reader: &_| {
            let items = world.chat.history(reader, room, Window::Newest, 10).await.unwrap().items;
            let one = world.chat.message(reader, id).await.unwrap();
            assert_eq!(items[0].replaced, one.replaced);
            one.replaced
        };
        let by = seen(&ann).await.expect("what the sender was told");
        assert_eq!((by.by, by.note), (noted.by, noted.note));
        assert_eq!(seen(&bob).await, None);
        world.chat.edit(&ann, id, &json!("coffee").to_string()).await.unwrap();
        assert_eq!(seen(&ann).await, None);
        world.chat.edit(&ann, id, &json!("rude coffee").to_string()).await.unwrap();
        assert!(seen(&ann).await.is_some());
        world.chat.recall(&ann, id).await.unwrap();
        assert_eq!(seen(&ann).await, None);
    }

    /// The note is of what the message says: an edit that isn't made takes none away, and leaves none.
    async fn an_edit_that_is_not_written_changes_no_note(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        let replaced = world.chat.send(&ann, room, draft(None, "rude tea")).await.unwrap().message.id;
        let plain = world.chat.send(&ann, room, draft(None, "coffee")).await.unwrap().message.id;
        world.chat.close();
        for (message, text) in [(replaced, "tea"), (plain, "rude coffee")] {
            let refused = world.chat.edit(&ann, message, &json!(text).to_string()).await;
            assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
        }
        assert!(world.chat.message(&ann, replaced).await.unwrap().replaced.is_some());
        assert!(world.chat.message(&ann, plain).await.unwrap().replaced.is_none());
    }
}
