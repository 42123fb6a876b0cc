//! Changes: what changes nothing takes no number, and what must not be is refused in the transaction itself.

use teahouse_protocol::{Content, Emoji, Kind, MessageId, Replaced, Role, Visibility};
use teahouse_store::log::{Detail, LogRow};
use teahouse_store::writer::{ChangeKind, Entry, Outcome, Removal, RoomEdit};
use teahouse_store::{members, replacements};

use crate::world::{World, add, change, on_both};

on_both! {
    async fn one_that_changes_nothing_takes_no_number(world: World) {
        let [ann, bob] = [world.person().await, world.person().await];
        let room = world.room(ann).await;
        let said = world.say(room, ann, "tea").await;
        let gone = world.say(room, ann, "oops").await;
        world.write_one(change(room, ann, ChangeKind::Recall { message: gone })).await;
        let thumb = Emoji::new("👍").unwrap();
        let react = || ChangeKind::React { message: said, emoji: thumb };
        let unreact = ChangeKind::Unreact { message: said, forms: vec!["👍".to_owned()] };
        world.write_one(change(room, ann, react())).await;
        let before = world.log(room).await.len();
        let same_name = RoomEdit { name: Some("a room".to_owned()), ..RoomEdit::default() };
        let nobody = MessageId::generate();
        let nothing: Vec<Entry> = vec![
            add(room, ann, ann, Role::Member),
            change(room, ann, ChangeKind::RemoveMember { user: bob, removal: Removal::Left }),
            change(room, ann, ChangeKind::RemoveMember { user: bob, removal: Removal::Kicked }),
            change(room, ann, ChangeKind::Unban { user: bob }),
            change(room, ann, ChangeKind::EditRoom(same_name)),
            change(room, ann, ChangeKind::EditRoom(RoomEdit::default())),
            change(room, ann, react()),
            change(room, bob, unreact),
            change(room, ann, ChangeKind::Recall { message: gone }),
            change(room, ann, ChangeKind::Recall { message: nobody }),
            change(room, ann, ChangeKind::Edit { message: gone, content: Content::Text("back".to_owned()), mentions: None, replaced: None, recounts: false }),
            change(room, ann, ChangeKind::Edit { message: said, content: Content::Text("tea".to_owned()), mentions: None, replaced: None, recounts: false }),
        ];
        for (place, outcome) in world.write(nothing).await.into_iter().enumerate() {
            assert_eq!(outcome.unwrap(), Outcome::Unchanged, "the entry at {place}");
        }
        assert_eq!(world.log(room).await.len(), before);
        assert_eq!(world.texts(room).await, ["tea", ""]);
    }

    async fn each_change_leaves_one_event_that_can_be_read_again(world: World) {
        let [ann, bob] = [world.person().await, world.person().await];
        let room = world.room(ann).await;
        let said = world.say(room, ann, "tea").await;
        let edit = RoomEdit {
            name: Some("another".to_owned()),
            announcement: Some("closed on Monday".to_owned()),
            visibility: Some(Visibility::Public),
            allowed_reactions: Some(vec![Emoji::new("🍵").unwrap()]),
            readers_may_react: Some(true),
        };
        let kinds = vec![
            ChangeKind::AddMember { user: bob, role: Role::Member },
            ChangeKind::EditRoom(edit),
            ChangeKind::Edit { message: said, content: Content::Text("two cups".to_owned()), mentions: None, replaced: None, recounts: false },
            ChangeKind::React { message: said, emoji: Emoji::new("🍵").unwrap() },
            ChangeKind::Unreact { message: said, forms: vec!["🍵".to_owned()] },
            ChangeKind::Recall { message: said },
            ChangeKind::RemoveMember { user: bob, removal: Removal::Banned },
            ChangeKind::Unban { user: bob },
            ChangeKind::DeleteRoom,
        ];
        let count = kinds.len();
        let outcomes = world.write(kinds.into_iter().map(|kind| change(room, ann, kind)).collect()).await;
        for outcome in outcomes {
            assert_eq!(outcome.unwrap().rows().len(), 1);
        }
        let log = world.log(room).await;
        assert_eq!(log.len(), 2 + count);
        for row in log {
            if let LogRow::Event(row) = row {
                assert!(Detail::from_row(&row).is_some(), "{row:?}");
            }
        }
    }

    /// What a filter made of a message is noted of what it says now, and of nothing else.
    async fn a_note_comes_and_goes_with_the_edit_that_it_is_of(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let said = world.say(room, ann, "tea").await;
        let gone = world.say(room, ann, "oops").await;
        world.write_one(change(room, ann, ChangeKind::Recall { message: gone })).await;
        let noted = async |message: MessageId| {
            let mut rows = replacements::of(world.db.conn(), &[message.uuid()]).await.unwrap();
            rows.remove(&message.uuid()).map(|row| row.by_name)
        };
        let edit = async |message, text: &str, by: Option<&str>| {
            let content = Content::Text(text.to_owned());
            let replaced = by.map(|by| {
                let (by, content) = (by.to_owned(), content.clone());
                Box::new(Replaced { by, note: None, kind: Kind::Text, content, text: None })
            });
            let edit = ChangeKind::Edit { message, content, mentions: None, replaced, recounts: false };
            world.write_one(change(room, ann, edit)).await;
            noted(message).await
        };
        assert_eq!(edit(said, "kind tea", Some("Guard")).await.as_deref(), Some("Guard"));
        assert_eq!(edit(said, "kinder tea", Some("Another")).await.as_deref(), Some("Another"));
        assert_eq!(edit(said, "coffee", None).await, None);
        // It said so before, but now it is the filter that says it; and then its sender again.
        assert_eq!(edit(said, "coffee", Some("Guard")).await.as_deref(), Some("Guard"));
        assert_eq!(edit(said, "coffee", None).await, None);
        for nothing in [gone, MessageId::generate()] {
            assert_eq!(edit(nothing, "kind words", Some("Guard")).await, None);
        }
    }

    /// The ban and the join were asked for at once: whoever asks the database last must not win over a ban.
    async fn who_is_banned_is_not_added(world: World) {
        let [ann, bob] = [world.person().await, world.person().await];
        let room = world.room(ann).await;
        let ban = ChangeKind::RemoveMember { user: bob, removal: Removal::Banned };
        let outcomes = world.write(vec![change(room, ann, ban), add(room, bob, bob, Role::Member)]).await;
        assert_eq!(*outcomes[1].as_ref().unwrap(), Outcome::Unchanged);
        assert!(members::find(world.db.conn(), room, bob).await.unwrap().is_none());
        assert_eq!(world.log(room).await.len(), 2);
    }

    async fn a_message_after_the_end_of_its_room_is_not_written(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        world.write_one(change(room, ann, ChangeKind::DeleteRoom)).await;
        assert_eq!(world.write_one(crate::world::message(room, ann, None, "late")).await, Outcome::NoRoom);
        assert_eq!(world.write_one(change(room, ann, ChangeKind::DeleteRoom)).await, Outcome::NoRoom);
        assert_eq!(world.log(room).await.len(), 2);
    }
}
