//! A shadowed message: its sender sees it sent, nobody else sees it, and nothing betrays it.

use serde_json::json;
use teahouse_chat::{Error, Window};
use teahouse_protocol::Seq;

use super::hooks::FakeHooks;
use super::verdicts::{admin, msg};
use crate::world::{World, draft, on_both};

fn texts(page: &teahouse_chat::HistoryPage) -> Vec<String> {
    page.items.iter().map(|message| message.content.as_ref().unwrap().plain_text()).collect()
}

on_both! {
    async fn only_its_sender_sees_it_on_every_device(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut tablet = world.joined(&ann, room).await;
        let mut elsewhere = world.socket(&ann);
        let mut other = world.joined(&bob, room).await;
        let before = world.say(&bob, room, "before").await;
        let ack = phone.sees("msg").await;
        assert_eq!(ack["seq"], json!(before));
        let ack = phone.ask(msg(room, "c-1", "shadow")).await;
        assert_eq!((&ack["state"], &ack["seq"]), (&json!("sent"), &json!(before)));
        tablet.hears("before").await;
        let shown = tablet.hears("shadow").await;
        assert_eq!((&shown["id"], &shown["seq"]), (&ack["message"], &ack["seq"]));
        phone.has_nothing().await;
        elsewhere.has_nothing().await;
        other.hears("before").await;
        other.has_nothing().await;
        world.say(&bob, room, "after").await;
        let mine = world.chat.history(&ann, room, Window::Newest, 10).await.unwrap();
        assert_eq!(texts(&mine), ["before", "shadow", "after"]);
        let others = world.chat.history(&bob, room, Window::Newest, 10).await.unwrap();
        assert_eq!(texts(&others), ["before", "after"]);
        let id = serde_json::from_value(ack["message"].clone()).unwrap();
        assert_eq!(world.chat.message(&ann, id).await.unwrap().id, id);
        assert!(matches!(world.chat.message(&bob, id).await, Err(Error::MessageNotFound)));
    }

    async fn each_page_of_its_senders_history_has_it_in_its_place(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        for round in 0..4 {
            world.say(&bob, room, &format!("said {round}")).await;
            world.chat.send(&ann, room, draft(None, &format!("shadow {round}"))).await.unwrap();
        }
        let all = ["said 0", "shadow 0", "said 1", "shadow 1", "said 2", "shadow 2", "said 3", "shadow 3"];
        let whole = world.chat.history(&ann, room, Window::After(Seq::ZERO), 50).await.unwrap();
        assert_eq!(texts(&whole), all);
        // Forward and backward by pages of two: nothing is lost, and nothing comes twice.
        let (mut forward, mut at) = (Vec::new(), Some(Seq::ZERO));
        while let Some(after) = at {
            let page = world.chat.history(&ann, room, Window::After(after), 2).await.unwrap();
            forward.extend(texts(&page));
            at = page.next;
        }
        assert_eq!(forward, all);
        let mut page = world.chat.history(&ann, room, Window::Newest, 2).await.unwrap();
        let mut backward = texts(&page);
        while let Some(before) = page.prev {
            page = world.chat.history(&ann, room, Window::Before(before), 2).await.unwrap();
            backward.splice(0..0, texts(&page));
        }
        assert_eq!(backward, all);
    }

    async fn whatever_its_sender_does_to_it_nothing_betrays_it(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let sent = world.chat.send(&ann, room, draft(None, "shadow")).await.unwrap().message;
        world.chat.react(&ann, sent.id, crate::world::thumb()).await.unwrap();
        world.chat.edit(&ann, sent.id, r#""shadow, edited""#).await.unwrap();
        assert!(matches!(world.chat.react(&bob, sent.id, crate::world::thumb()).await, Err(Error::MessageNotFound)));
        world.chat.recall(&ann, sent.id).await.unwrap();
        assert!(matches!(world.chat.message(&ann, sent.id).await, Err(Error::MessageNotFound)));
        assert!(matches!(world.chat.release(&admin(), sent.id).await, Err(Error::Conflict(_))));
    }

    async fn a_shadowed_edit_is_seen_by_its_author_alone(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let said = world.chat.send(&ann, room, draft(None, "tea")).await.unwrap().message;
        let mut phone = world.joined(&ann, room).await;
        let mut tablet = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        phone.frame(json!({ "type": "edit", "id": "e", "message": said.id, "content": "shadow" })).await.unwrap();
        assert_eq!(phone.until("ack").await["state"], "sent");
        let edited = tablet.sees("edited").await;
        assert_eq!((&edited["message"], &edited["content"]), (&json!(said.id), &json!("shadow")));
        other.has_nothing().await;
        let mine = world.chat.history(&ann, room, Window::Newest, 10).await.unwrap();
        assert_eq!((texts(&mine), mine.items[0].id), (vec!["shadow".to_owned()], said.id));
        let others = world.chat.history(&bob, room, Window::Newest, 10).await.unwrap();
        assert_eq!(texts(&others), ["tea"]);
        let by_id = world.chat.message(&ann, said.id).await.unwrap();
        assert_eq!(by_id.content.unwrap().plain_text(), "shadow");
        assert!(by_id.edited_at.is_some());
        assert_eq!(world.chat.message(&bob, said.id).await.unwrap().content, said.content);
    }

    async fn taken_back_it_is_acknowledged_and_told_like_any_other(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut tablet = world.joined(&ann, room).await;
        let sent = phone.ask(msg(room, "c-1", "shadow")).await["message"].clone();
        tablet.hears("shadow").await;
        let react = json!({ "type": "react", "id": "r", "message": sent, "emoji": "👍" });
        assert!(phone.ask(react).await["seq"].is_number());
        phone.frame(json!({ "type": "recall", "id": "x", "message": sent })).await.unwrap();
        assert!(phone.until("ack").await["seq"].is_number());
        assert_eq!(tablet.sees("recalled").await["message"], sent);
    }

    async fn released_it_comes_under_the_id_that_its_sender_knows(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let ack = phone.ask(msg(room, "c-1", "shadow")).await;
        let id = serde_json::from_value(ack["message"].clone()).unwrap();
        world.chat.release(&admin(), id).await.unwrap();
        let said = other.hears("shadow").await;
        assert_eq!(said["id"], ack["message"]);
        assert_ne!(said["seq"], ack["seq"]);
        // It comes to its sender too, and no notice, which would say that it had not been there.
        assert_eq!(phone.hears("shadow").await["id"], ack["message"]);
        phone.has_nothing().await;
        let mine = world.chat.history(&ann, room, Window::Newest, 10).await.unwrap();
        assert_eq!(texts(&mine), ["shadow"]);
    }
}
