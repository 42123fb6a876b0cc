//! What was recalled is gone for good: from the history, from the log, and from what edits left behind.

use sea_orm::EntityTrait;
use teahouse_protocol::{Content, Seq};
use teahouse_store::entity::{message, outbox, room_event};
use teahouse_store::writer::{ChangeKind, Entry};
use teahouse_store::{PageSize, messages};

use crate::world::{World, change, message, on_both};

const SECRET: &str = "the-secret-word";

on_both! {
    async fn no_table_holds_what_was_recalled(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let mut entry = message(room, ann, Some("c-1"), SECRET);
        let Entry::Message(said) = &mut entry else { panic!("a message") };
        said.mentions = vec![ann];
        let id = said.id;
        world.write_one(entry).await;
        let edit = |text: &str| ChangeKind::Edit { message: id, content: Content::Text(text.to_owned()), mentions: None, replaced: None, recounts: false };
        world.write_one(change(room, ann, edit(&format!("{SECRET}-edited")))).await;
        world.write_one(change(room, ann, edit(&format!("{SECRET}-again")))).await;
        world.write_one(change(room, ann, ChangeKind::Recall { message: id })).await;
        // In whatever order: an edit that was under way does not bring it back.
        world.write_one(change(room, ann, edit(SECRET))).await;

        let row = messages::find(world.db.conn(), id).await.unwrap().unwrap();
        assert_eq!((row.content.as_str(), row.mentions.as_deref(), row.fingerprint), ("", None, None));
        assert!(row.recalled_at_ms.is_some());
        let history = messages::page_before(world.db.conn(), room, Seq::MAX, PageSize::capped(50)).await;
        let kept = [
            format!("{:?}", history.unwrap()),
            format!("{:?}", world.log(room).await),
            format!("{:?}", message::Entity::find().all(world.db.conn()).await.unwrap()),
            format!("{:?}", room_event::Entity::find().all(world.db.conn()).await.unwrap()),
            format!("{:?}", outbox::Entity::find().all(world.db.conn()).await.unwrap()),
        ];
        for text in kept {
            assert!(!text.contains(SECRET), "{text}");
        }
    }
}
