//! Edits, recalls and reactions: what they do, and who may.

use serde_json::{Value, json};
use teahouse_chat::{Error, Window};
use teahouse_protocol::{Content, ErrorCode, Message, ReactionSummary, RoomId, Seq};

use crate::world::{World, draft, on_both, thumb};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: ErrorCode) {
    assert_eq!(result.expect_err("a refusal").code(), code);
}

async fn send(world: &World, who: &teahouse_accounts::Session, room: RoomId, text: &str) -> Message {
    world.chat.send(who, room, draft(None, text)).await.unwrap().message
}

on_both! {
    async fn an_edit_is_the_senders_and_everybody_sees_it(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&bob, room).await;
        let mut other = world.joined(&ann, room).await;
        let said = send(&world, &bob, room, "tee").await;
        refused(world.chat.edit(&ann, said.id, r#""coffee""#).await, ErrorCode::NotAllowed);
        refused(world.chat.edit(&bob, said.id, "7").await, ErrorCode::InvalidField);
        refused(world.chat.edit(&bob, said.id, r#""  ""#).await, ErrorCode::InvalidField);
        phone.hears("tee").await;
        other.hears("tee").await;
        // The sender gets the event and the ack, in whichever order.
        phone.frame(json!({ "type": "edit", "id": "e-1", "message": said.id, "content": "tea" })).await.unwrap();
        let mut both = [phone.next().await, phone.next().await];
        both.sort_by_key(|event| event["type"].to_string());
        assert_eq!((&both[0]["type"], &both[0]["id"], &both[0]["seq"]), (&json!("ack"), &json!("e-1"), &json!(4)));
        let edited = other.sees("edited").await;
        assert_eq!(both[1], edited);
        assert_eq!((&edited["content"], &edited["message"]), (&json!("tea"), &json!(said.id)));
        let now = world.chat.message(&ann, said.id).await.unwrap();
        assert_eq!(now.content, Some(Content::Text("tea".to_owned())));
        assert!(now.edited_at.is_some());
        // The same again changes nothing, and is acknowledged all the same.
        let again = phone.ask(json!({ "type": "edit", "id": "e-2", "message": said.id, "content": "tea" })).await;
        assert_eq!((&again["type"], &again["id"], &again["seq"]), (&json!("ack"), &json!("e-2"), &Value::Null));
        other.has_nothing().await;
    }

    async fn what_is_recalled_is_nowhere(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut socket = world.joined(&ann, room).await;
        let said = send(&world, &bob, room, "the-secret").await;
        world.chat.edit(&bob, said.id, r#""the-secret, again""#).await.unwrap();
        world.chat.recall(&bob, said.id).await.unwrap();
        let event = socket.until("recalled").await;
        assert_eq!(event["message"], json!(said.id));
        refused(world.chat.edit(&bob, said.id, r#""back""#).await, ErrorCode::Conflict);
        refused(world.chat.react(&ann, said.id, thumb()).await, ErrorCode::Conflict);
        let now = world.chat.message(&ann, said.id).await.unwrap();
        assert!(now.content.is_none() && now.text.is_none() && now.recalled_at.is_some());
        let mut late = world.socket(&ann);
        late.frame(json!({ "type": "join", "room": room, "since": 0 })).await.unwrap();
        late.until("recalled").await;
        let heads = late.ask(json!({ "type": "listen", "rooms": [room] })).await;
        let kept = [
            format!("{:?}", world.chat.history(&ann, room, Window::Newest, 50).await.unwrap()),
            format!("{:?}", world.chat.events(&ann, room, Seq::ZERO, 50).await.unwrap()),
            format!("{:?}", world.chat.rooms(&ann, crate::world::first_page()).await.unwrap()),
            heads.to_string(),
        ];
        for text in kept {
            assert!(!text.contains("the-secret"), "{text}");
        }
        // Again is the same as once.
        world.chat.recall(&bob, said.id).await.unwrap();
    }

    async fn a_moderator_recalls_what_those_below_said(world: World) {
        let [ann, bob, cid, dan] = world.people(["ann", "bob", "cid", "dan"]).await;
        let room = world.group(&ann, &[&bob, &cid, &dan]).await;
        world.make_admin(&ann, room, bob.user_id()).await;
        world.make_admin(&ann, room, cid.user_id()).await;
        let (owners, admins) = (send(&world, &ann, room, "o").await, send(&world, &cid, room, "a").await);
        let (members, gone) = (send(&world, &dan, room, "m").await, send(&world, &dan, room, "g").await);
        let kept = send(&world, &dan, room, "k").await;
        refused(world.chat.recall(&dan, owners.id).await, ErrorCode::NotAllowed);
        refused(world.chat.recall(&bob, owners.id).await, ErrorCode::NotAllowed);
        refused(world.chat.recall(&bob, admins.id).await, ErrorCode::NotAllowed);
        world.chat.recall(&bob, members.id).await.unwrap();
        world.chat.recall(&ann, admins.id).await.unwrap();
        // Who has left stands below everybody.
        world.chat.leave(&dan, room).await.unwrap();
        world.chat.recall(&bob, gone.id).await.unwrap();
        refused(world.chat.recall(&dan, kept.id).await, ErrorCode::MessageNotFound);
        // As if the answer to an earlier one were lost: it is gone, as they wanted.
        world.chat.recall(&dan, gone.id).await.unwrap();
    }

    async fn who_is_muted_edits_nothing_but_takes_back(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let said = send(&world, &bob, room, "rude").await;
        world.mute(&ann, room, bob.user_id(), std::time::Duration::from_secs(60)).await;
        refused(world.chat.edit(&bob, said.id, r#""ruder""#).await, ErrorCode::Muted);
        world.chat.recall(&bob, said.id).await.unwrap();
    }

    async fn a_reaction_is_put_once_and_taken_away_once(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let said = send(&world, &ann, room, "tea?").await;
        let mut socket = world.joined(&ann, room).await;
        for _ in 0..2 {
            world.chat.react(&bob, said.id, thumb()).await.unwrap();
        }
        let event = socket.sees("reaction").await;
        assert_eq!(event["count"], 1);
        assert_eq!((&event["emoji"], &event["removed"], &event["user"]), (&json!("👍"), &json!(false), &json!(bob.user_id())));
        world.chat.react(&ann, said.id, thumb()).await.unwrap();
        socket.sees("reaction").await;
        let reactions = world.chat.message(&bob, said.id).await.unwrap().reactions;
        assert_eq!(reactions, [ReactionSummary { emoji: "👍".to_owned(), count: 2, mine: true }]);
        for _ in 0..2 {
            world.chat.unreact(&bob, said.id, "👍").await.unwrap();
        }
        let event = socket.sees("reaction").await;
        assert_eq!((&event["removed"], &event["count"]), (&json!(true), &json!(1)));
        socket.has_nothing().await;
        refused(world.chat.unreact(&bob, said.id, "two words").await, ErrorCode::InvalidField);
        refused(world.chat.react(&bob, teahouse_protocol::MessageId::generate(), thumb()).await, ErrorCode::MessageNotFound);
    }

    async fn a_message_in_a_hidden_room_is_not_there(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[]).await;
        let said = send(&world, &ann, room, "secret").await;
        refused(world.chat.message(&bob, said.id).await, ErrorCode::MessageNotFound);
        refused(world.chat.edit(&bob, said.id, r#""x""#).await, ErrorCode::MessageNotFound);
        refused(world.chat.recall(&bob, said.id).await, ErrorCode::MessageNotFound);
        refused(world.chat.react(&bob, said.id, thumb()).await, ErrorCode::MessageNotFound);
        let mut socket = world.socket(&bob);
        let frame = json!({ "type": "react", "id": "r-1", "message": said.id, "emoji": "👍" });
        assert_eq!(socket.refusal(frame).await, ErrorCode::MessageNotFound);
    }
}
