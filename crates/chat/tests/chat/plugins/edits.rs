//! Edits past the filters: a message is what it was until its edit is let through.

use serde_json::json;
use teahouse_chat::{Error, HeldFilter};
use teahouse_protocol::{AckState, ErrorCode};

use super::hooks::FakeHooks;
use super::verdicts::admin;
use crate::world::{World, draft, first_page, on_both};

on_both! {
    async fn an_edit_is_refused_replaced_or_made(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut other = world.joined(&bob, room).await;
        let mut phone = world.joined(&ann, room).await;
        let said = world.chat.send(&ann, room, draft(None, "tea")).await.unwrap().message;
        other.hears("tea").await;
        phone.hears("tea").await;
        let edit = |text: &str| json!({ "type": "edit", "id": "e", "message": said.id, "content": text });
        assert_eq!(phone.refusal(edit("spam")).await, ErrorCode::Rejected);
        phone.frame(edit("rude tea")).await.unwrap();
        let ack = phone.until("ack").await;
        assert_eq!(ack["replaced"]["content"], "kind tea");
        assert_eq!(other.sees("edited").await["content"], "kind tea");
        let edited = world.chat.edit(&ann, said.id, r#""coffee""#).await.unwrap();
        assert_eq!(edited.state, AckState::Sent);
        assert_eq!(other.sees("edited").await["content"], "coffee");
    }

    async fn a_held_edit_waits_and_comes_when_it_is_released(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let said = world.chat.send(&ann, room, draft(None, "tea")).await.unwrap().message;
        let mut other = world.joined(&bob, room).await;
        let mut phone = world.joined(&ann, room).await;
        let edit = json!({ "type": "edit", "id": "e-1", "message": said.id, "content": "hold the tea" });
        let ack = phone.ask(edit.clone()).await;
        assert_eq!((&ack["state"], &ack["message"], ack.get("seq")), (&json!("held"), &json!(said.id), None));
        // Asked for again it waits once, and is not asked about.
        let asked = hooks.checks();
        hooks.refuse_everything();
        assert_eq!(phone.ask(edit).await["state"], "held");
        assert_eq!(hooks.checks(), asked);
        other.has_nothing().await;
        assert_eq!(world.chat.message(&bob, said.id).await.unwrap().content, said.content);
        let held = world.chat.held_page(&admin(), HeldFilter::default(), first_page()).await.unwrap().items;
        assert_eq!((held.len(), held[0].edit_of), (1, Some(said.id)));
        world.chat.release(&admin(), held[0].id).await.unwrap();
        assert_eq!(other.sees("edited").await["content"], "hold the tea");
        phone.sees("edited").await;
        let notice = phone.sees("notice").await;
        assert_eq!((&notice["kind"], &notice["message"]), (&json!("held_released"), &json!(said.id)));
    }

    async fn an_edit_of_what_was_recalled_meanwhile_brings_nothing_back(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let said = world.chat.send(&ann, room, draft(None, "tea")).await.unwrap().message;
        let edited = world.chat.edit(&ann, said.id, r#""hold the tea""#).await.unwrap();
        assert_eq!((edited.state, &edited.message.content), (AckState::Held, &said.content));
        let held = world.chat.held_page(&admin(), HeldFilter::default(), first_page()).await.unwrap().items;
        world.chat.recall(&ann, said.id).await.unwrap();
        // Nor does it stay where moderators read it.
        assert!(world.chat.held_page(&admin(), HeldFilter::default(), first_page()).await.unwrap().items.is_empty());
        assert!(matches!(world.chat.release(&admin(), held[0].id).await, Err(Error::Conflict(_))));
        let now = world.chat.message(&bob, said.id).await.unwrap();
        assert!(now.content.is_none() && now.recalled_at.is_some());
    }

    /// The author changed their mind while the first edit waited: a moderator who is late must not undo that.
    async fn an_edit_that_waits_gives_way_to_a_newer_one(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        let waiting = async || {
            world.chat.held_page(&admin(), HeldFilter::default(), first_page()).await.unwrap().items
        };
        let said = world.chat.send(&ann, room, draft(None, "tea")).await.unwrap().message;
        let edit = async |json: &str| world.chat.edit(&ann, said.id, json).await.unwrap();
        edit(r#""hold the tea""#).await;
        edit(r#""hold the coffee""#).await;
        let [newest] = &waiting().await[..] else { panic!("one waits") };
        assert_eq!(newest.content.as_ref().unwrap().plain_text(), "hold the coffee");
        edit(r#""coffee""#).await;
        assert!(waiting().await.is_empty());
        assert!(matches!(world.chat.release(&admin(), newest.id).await, Err(Error::Conflict(_))));
        edit(r#""hold the water""#).await;
        // As it was: that too is what its author wants now.
        edit(r#""coffee""#).await;
        assert!(waiting().await.is_empty());
        let now = world.chat.message(&ann, said.id).await.unwrap();
        assert_eq!(now.content.unwrap().plain_text(), "coffee");
    }

    async fn what_is_held_can_be_taken_back_but_not_edited(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        let held = world.chat.send(&ann, room, draft(Some("c-1"), "hold this")).await.unwrap().message.id;
        assert!(matches!(world.chat.edit(&ann, held, r#""other""#).await, Err(Error::Conflict(_))));
        world.chat.recall(&ann, held).await.unwrap();
        assert!(matches!(world.chat.release(&admin(), held).await, Err(Error::Conflict(_))));
    }
}
