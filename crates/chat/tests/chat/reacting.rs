//! Reactions: which there may be, who may put them, how many of a message anybody is told of.

use std::time::Duration;

use serde_json::json;
use teahouse_accounts::Session;
use teahouse_chat::{Error, PageRequest, RoomChange, Window};
use teahouse_protocol::{
    Emoji, ErrorCode, MAX_REACTIONS, MessageId, ReactionSummary, RoomId, RoomKind, Visibility,
};

use crate::world::{World, draft, first_page, on_both, thumb};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: ErrorCode) {
    assert_eq!(result.expect_err("a refusal").code(), code);
}

fn emoji(text: &str) -> Emoji {
    Emoji::new(text).unwrap()
}

/// So many different emoji: faces.
fn faces(many: usize) -> Vec<Emoji> {
    let faces: Vec<_> = ('\u{1f600}'..'\u{1f640}').filter_map(|c| Emoji::new(&c.to_string()).ok()).collect();
    faces[..many].to_vec()
}

async fn said(world: &World, who: &Session, room: RoomId) -> MessageId {
    world.chat.send(who, room, draft(None, "tea?")).await.unwrap().message.id
}

/// Writes a reaction as it could be put before there was a rule.
async fn put_of_old(world: &World, message: MessageId, user: &Session, word: &str) {
    use sea_orm::ActiveValue::Set;
    use sea_orm::EntityTrait as _;
    use teahouse_store::entity::reaction;
    let row = reaction::ActiveModel {
        message_id: Set(message.uuid()),
        user_id: Set(user.user_id().uuid()),
        emoji: Set(word.to_owned()),
        at_ms: Set(1),
    };
    reaction::Entity::insert(row).exec_without_returning(world.db.writer()).await.unwrap();
}

async fn reactions(world: &World, reader: &Session, message: MessageId) -> Vec<(String, u32, bool)> {
    let message = world.chat.message(reader, message).await.unwrap();
    message.reactions.into_iter().map(|ReactionSummary { emoji, count, mine }| (emoji, count, mine)).collect()
}

on_both! {
    async fn both_forms_of_an_emoji_are_one(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let message = said(&world, &ann, room).await;
        let mut socket = world.joined(&ann, room).await;
        let react = |form: &str| json!({ "type": "react", "id": "r", "message": message, "emoji": form });
        // The first gets the event and the ack, in whichever order; the second is the same again.
        socket.frame(react("❤")).await.unwrap();
        let mut both = [socket.next().await["type"].to_string(), socket.next().await["type"].to_string()];
        both.sort_unstable();
        assert_eq!(both, ["\"ack\"", "\"reaction\""]);
        assert_eq!(socket.ask(react("❤️")).await["type"], "ack");
        world.chat.react(&bob, message, emoji("❤️")).await.unwrap();
        assert_eq!(socket.sees("reaction").await["count"], 2);
        assert_eq!(reactions(&world, &bob, message).await, [("❤️".to_owned(), 2, true)]);
        world.chat.unreact(&bob, message, "❤").await.unwrap();
        assert_eq!(reactions(&world, &bob, message).await, [("❤️".to_owned(), 1, false)]);
    }

    /// Of those who may not write, nobody reacts; what they put before they may take away.
    async fn who_may_not_write_may_not_react(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.public_group(&ann, &[&bob]).await;
        let message = said(&world, &ann, room).await;
        world.chat.react(&bob, message, emoji("🍵")).await.unwrap();
        world.mute(&ann, room, bob.user_id(), Duration::from_secs(60)).await;
        refused(world.chat.react(&bob, message, thumb()).await, ErrorCode::Muted);
        let mut phone = world.socket(&bob);
        let frame = json!({ "type": "react", "id": "r", "message": message, "emoji": "👍" });
        assert_eq!(phone.refusal(frame).await, ErrorCode::Muted);
        world.chat.unreact(&bob, message, "🍵").await.unwrap();
        refused(world.chat.react(&cid, message, thumb()).await, ErrorCode::NotAMember);
    }

    async fn readers_of_a_channel_react_where_it_allows_it(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.room(&ann, RoomKind::Channel, Visibility::Public, &[&bob, &cid]).await;
        let message = said(&world, &ann, room).await;
        // As somebody who listens, whose access is known from memory.
        let mut phone = world.joined(&bob, room).await;
        let frame = json!({ "type": "react", "id": "r", "message": message, "emoji": "👍" });
        assert_eq!(phone.refusal(frame.clone()).await, ErrorCode::NotAllowed);
        let may = |may| RoomChange { readers_may_react: Some(may), ..RoomChange::default() };
        refused(world.chat.update_room(&bob, room, may(true)).await, ErrorCode::NotAllowed);
        assert!(world.chat.update_room(&ann, room, may(true)).await.unwrap().readers_may_react);
        assert_eq!(phone.sees("room").await["readers_may_react"], true);
        phone.frame(frame.clone()).await.unwrap();
        world.chat.react(&cid, message, thumb()).await.unwrap();
        world.mute(&ann, room, cid.user_id(), Duration::from_secs(60)).await;
        refused(world.chat.react(&cid, message, emoji("🍵")).await, ErrorCode::Muted);
        world.chat.update_room(&ann, room, may(false)).await.unwrap();
        phone.until("room").await;
        let another = json!({ "type": "react", "id": "r2", "message": message, "emoji": "🍵" });
        assert_eq!(phone.refusal(another).await, ErrorCode::NotAllowed);
        // Of what they put before, they are told that it is so.
        assert_eq!(phone.ask(frame).await["type"], "ack");
        // They still read and may not write.
        refused(world.chat.send(&bob, room, draft(None, "me too")).await, ErrorCode::NotAllowed);
    }

    async fn a_room_narrows_what_may_be_put(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let message = said(&world, &ann, room).await;
        world.chat.react(&bob, message, emoji("🍵")).await.unwrap();
        let allow = |allowed: &[&str]| RoomChange {
            allowed_reactions: Some(allowed.iter().map(|text| emoji(text)).collect()),
            ..RoomChange::default()
        };
        refused(world.chat.update_room(&bob, room, allow(&["👍"])).await, ErrorCode::NotAllowed);
        let mut socket = world.joined(&bob, room).await;
        let view = world.chat.update_room(&ann, room, allow(&["👍", "❤"])).await.unwrap();
        assert_eq!(view.allowed_reactions, [thumb(), emoji("❤️")]);
        assert_eq!(socket.sees("room").await["allowed_reactions"], json!(["👍", "❤️"]));
        // The same again is no change.
        world.chat.update_room(&ann, room, allow(&["👍", "❤️"])).await.unwrap();
        socket.has_nothing().await;
        refused(world.chat.react(&bob, message, emoji("😂")).await, ErrorCode::NotAllowed);
        world.chat.react(&bob, message, emoji("❤️")).await.unwrap();
        // What was put before stays, and can be taken away.
        assert_eq!(reactions(&world, &ann, message).await.len(), 2);
        world.chat.unreact(&bob, message, "🍵").await.unwrap();
        world.chat.update_room(&ann, room, allow(&[])).await.unwrap();
        world.chat.react(&bob, message, emoji("😂")).await.unwrap();
        let many = RoomChange { allowed_reactions: Some(vec![thumb(); 101]), ..RoomChange::default() };
        refused(world.chat.update_room(&ann, room, many).await, ErrorCode::InvalidField);
    }

    async fn a_message_has_so_many_kinds_and_no_more(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        let message = said(&world, &ann, room).await;
        let faces = faces(MAX_REACTIONS + 1);
        for (number, face) in faces[..MAX_REACTIONS].iter().enumerate() {
            let who = if number % 2 == 0 { &bob } else { &cid };
            world.chat.react(who, message, *face).await.unwrap();
        }
        refused(world.chat.react(&bob, message, faces[MAX_REACTIONS]).await, ErrorCode::Conflict);
        // One of those that are there may be put by others, and one that goes makes room.
        world.chat.react(&ann, message, faces[0]).await.unwrap();
        world.chat.unreact(&cid, message, faces[1].as_str()).await.unwrap();
        world.chat.react(&bob, message, faces[MAX_REACTIONS]).await.unwrap();
        assert_eq!(reactions(&world, &ann, message).await.len(), MAX_REACTIONS);
    }

    /// Many at once: the writer counts, so that of all who come in one batch no kind is one too many.
    async fn kinds_that_come_at_once_are_counted(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let message = said(&world, &ann, room).await;
        let held = world.hold_writes(room).await;
        let tasks: Vec<_> = faces(MAX_REACTIONS * 2)
            .into_iter()
            .map(|face| {
                let (chat, bob) = (world.chat.clone(), bob.clone());
                tokio::spawn(async move { chat.react(&bob, message, face).await.is_ok() })
            })
            .collect();
        held.commit().await.unwrap();
        let mut accepted = 0;
        for task in tasks {
            accepted += usize::from(task.await.unwrap());
        }
        assert_eq!(accepted, MAX_REACTIONS);
        assert_eq!(reactions(&world, &ann, message).await.len(), MAX_REACTIONS);
    }

    /// Who put one is a list of its own, a page at a time.
    async fn who_reacted_is_paged(world: World) {
        let [ann, bob, cid, dan] = world.people(["ann", "bob", "cid", "dan"]).await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        let message = said(&world, &ann, room).await;
        for who in [&ann, &bob, &cid] {
            world.chat.react(who, message, thumb()).await.unwrap();
        }
        world.chat.react(&bob, message, emoji("🍵")).await.unwrap();
        let page = PageRequest { limit: 2, ..first_page() };
        let first = world.chat.reactors(&cid, message, "👍", page).await.unwrap();
        let rest = PageRequest { after: first.next, ..page };
        let rest = world.chat.reactors(&cid, message, "👍", rest).await.unwrap();
        let mut listed: Vec<_> = first.items.iter().chain(&rest.items).map(|one| one.user.id).collect();
        assert_eq!((first.items.len(), rest.items.len(), rest.next), (2, 1, None));
        listed.sort_unstable();
        let mut expected = [&ann, &bob, &cid].map(|who| who.user_id());
        expected.sort_unstable();
        assert_eq!(listed, expected);
        assert_eq!(world.chat.reactors(&cid, message, "😂", page).await.unwrap().items, []);
        refused(world.chat.reactors(&dan, message, "👍", page).await, ErrorCode::MessageNotFound);
        refused(world.chat.reactors(&cid, message, "two words", page).await, ErrorCode::InvalidField);
    }

    /// Rows of before there was a rule: any words, in any number, and both forms of one emoji.
    async fn reactions_of_old_break_nothing(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let (odd, many) = (said(&world, &ann, room).await, said(&world, &ann, room).await);
        for word in ["加微信", "❤", "❤️", "👍"] {
            put_of_old(&world, odd, &bob, word).await;
        }
        put_of_old(&world, odd, &ann, "❤").await;
        let mut listed = reactions(&world, &bob, odd).await;
        listed.sort_unstable();
        // Somebody who put both forms counts twice: a number, and nothing that breaks.
        let heart = ("❤️".to_owned(), 3, true);
        assert_eq!(listed, [heart, ("加微信".to_owned(), 1, true), ("👍".to_owned(), 1, true)]);
        assert_eq!(world.chat.reactors(&ann, odd, "❤️", first_page()).await.unwrap().items.len(), 2);
        world.chat.unreact(&bob, odd, "❤️").await.unwrap();
        world.chat.unreact(&bob, odd, "加微信").await.unwrap();
        assert_eq!(reactions(&world, &ann, odd).await.len(), 2);
        for number in 0..MAX_REACTIONS * 3 {
            put_of_old(&world, many, &bob, &format!("word{number}")).await;
        }
        let page = world.chat.history(&ann, room, Window::Newest, 50).await.unwrap();
        assert_eq!(page.items.last().unwrap().reactions.len(), MAX_REACTIONS);
        refused(world.chat.react(&ann, many, thumb()).await, ErrorCode::Conflict);
    }
}
