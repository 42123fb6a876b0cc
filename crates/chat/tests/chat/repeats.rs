//! Sent again: answered as the first time, whatever became of the sender's rights; and told apart from something else.

use std::time::Duration;

use serde_json::{Value, json};
use teahouse_accounts::Session;
use teahouse_chat::{Error, PutMember};
use teahouse_protocol::{AckState, ErrorCode, RoomId, RoomKind, Visibility};

use crate::world::{World, draft, on_both};

fn msg(room: RoomId, id: &str, text: &str) -> Value {
    json!({ "type": "msg", "id": id, "room": room, "content": text })
}

/// By both doors `c-1` gets `first` again, and what was never sent is refused with `code`.
async fn is_answered_again(world: &World, ann: &Session, room: RoomId, first: &Value, code: ErrorCode) {
    let mut phone = world.socket(ann);
    assert_eq!(phone.ask(msg(room, "c-1", "tea")).await, *first, "{code}");
    let by_rest = world.chat.send(ann, room, draft(Some("c-1"), "tea")).await.unwrap();
    assert_eq!(
        (json!(by_rest.message.id), by_rest.repeated, by_rest.state),
        (first["message"].clone(), true, AckState::Sent)
    );
    assert_eq!(phone.refusal(msg(room, "c-1", "coffee")).await, ErrorCode::IdempotencyConflict);
    assert_eq!(phone.refusal(msg(room, "c-new", "tea")).await, code);
    let new = world.chat.send(ann, room, draft(Some("c-new"), "tea")).await.unwrap_err();
    assert_eq!(new.code(), code);
    // Without an id nothing can be known again.
    let without = world.chat.send(ann, room, draft(None, "tea")).await.unwrap_err();
    assert_eq!(without.code(), code);
}

on_both! {
    async fn of_somebody_muted_since(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&bob, &[&ann]).await;
        let mut phone = world.joined(&ann, room).await;
        let first = phone.ask(msg(room, "c-1", "tea")).await;
        world.mute(&bob, room, ann.user_id(), Duration::from_secs(60)).await;
        phone.sees("member").await;
        // On the connection that knows the room, and on one that does not.
        assert_eq!(phone.ask(msg(room, "c-1", "tea")).await, first);
        is_answered_again(&world, &ann, room, &first, ErrorCode::Muted).await;
    }

    async fn of_somebody_put_out_since(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        for (visibility, code) in
            [(Visibility::Private, ErrorCode::RoomNotFound), (Visibility::Public, ErrorCode::NotAMember)]
        {
            let room = world.room(&bob, RoomKind::Group, visibility, &[&ann]).await;
            let first = world.joined(&ann, room).await.ask(msg(room, "c-1", "tea")).await;
            world.chat.remove_member(&bob, room, ann.user_id(), false).await.unwrap();
            is_answered_again(&world, &ann, room, &first, code).await;
        }
    }

    async fn in_a_room_that_is_gone_or_a_channel_since(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let channel = world.room(&bob, RoomKind::Channel, Visibility::Public, &[&ann]).await;
        world.make_admin(&bob, channel, ann.user_id()).await;
        let first = world.joined(&ann, channel).await.ask(msg(channel, "c-1", "tea")).await;
        let member = PutMember { role: Some(teahouse_protocol::Role::Member), muted_until: None };
        world.chat.put_member(&bob, channel, ann.user_id(), member).await.unwrap();
        is_answered_again(&world, &ann, channel, &first, ErrorCode::NotAllowed).await;
        world.chat.delete_room(&bob, channel).await.unwrap();
        is_answered_again(&world, &ann, channel, &first, ErrorCode::RoomNotFound).await;
    }

    /// Also who is past their limit; but no more such questions than messages may be sent.
    async fn of_somebody_who_sends_too_fast(world: World) {
        let world = world
            .restarted(|settings| {
                settings.limits.messages_per_second = 1;
                settings.limits.message_burst = 4;
            })
            .await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let first = world.chat.send(&ann, room, draft(Some("c-1"), "tea")).await.unwrap();
        let mut refused = 0;
        while refused < 4 {
            let again = world.chat.send(&ann, room, draft(Some("c-1"), "tea")).await;
            match again {
                Ok(again) => assert!((again.message.id, again.repeated) == (first.message.id, true)),
                Err(Error::RateLimited { retry_after }) => {
                    assert!(retry_after > Duration::ZERO);
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        // Nobody else is held back by it.
        world.say(&bob, room, "calm down").await;
    }

    async fn something_else_under_the_same_id_is_a_conflict(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        phone.ask(msg(room, "c-1", "tea")).await;
        assert_eq!(phone.refusal(msg(room, "c-1", "coffee")).await, ErrorCode::IdempotencyConflict);
        let by_rest = world.chat.send(&ann, room, draft(Some("c-1"), "coffee")).await.unwrap_err();
        assert_eq!(by_rest.code(), ErrorCode::IdempotencyConflict);
        // What it answers and whom it means is part of it.
        let mut mentioning = draft(Some("c-1"), "tea");
        mentioning.mentions = vec![bob.user_id()];
        let mentioning = world.chat.send(&ann, room, mentioning).await.unwrap_err();
        assert_eq!(mentioning.code(), ErrorCode::IdempotencyConflict);
        other.hears("tea").await;
        other.has_nothing().await;
    }

    /// Both wait for the same transaction.
    async fn also_before_the_first_was_written(world: World) {
        let [ann] = world.people(["ann"]).await;
        let room = world.group(&ann, &[]).await;
        let mut phone = world.joined(&ann, room).await;
        let held = world.hold_writes(room).await;
        phone.frame(msg(room, "c-1", "tea")).await.unwrap();
        phone.frame(msg(room, "c-1", "coffee")).await.unwrap();
        held.rollback().await.unwrap();
        let mut answers = [phone.next().await, phone.next().await];
        answers.sort_by_key(|answer| answer["type"].to_string());
        assert_eq!((&answers[0]["type"], &answers[0]["id"]), (&json!("ack"), &json!("c-1")));
        assert_eq!((&answers[1]["code"], &answers[1]["id"]), (&json!("idempotency_conflict"), &json!("c-1")));
    }

    async fn an_answer_is_to_a_message_of_the_same_room(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let (room, elsewhere) = (world.group(&ann, &[&bob]).await, world.group(&bob, &[]).await);
        let said = world.chat.send(&bob, room, draft(None, "tea?")).await.unwrap().message;
        let hidden = world.chat.send(&bob, elsewhere, draft(None, "secret")).await.unwrap().message;
        let mut phone = world.joined(&ann, room).await;
        let answer = |to: Value| json!({ "type": "msg", "id": "c-1", "room": room, "content": "yes", "reply_to": to });
        for wrong in [json!(hidden.id), json!(teahouse_protocol::MessageId::generate())] {
            assert_eq!(phone.refusal(answer(wrong)).await, ErrorCode::InvalidField);
        }
        let mut by_rest = draft(None, "yes");
        by_rest.reply_to = Some(hidden.id);
        let refused = world.chat.send(&ann, room, by_rest).await.unwrap_err();
        assert_eq!(refused.field().unwrap().field, "reply_to");
        assert_eq!(phone.ask(answer(json!(said.id))).await["type"], "ack");
        // Its place stays when it is taken back.
        world.chat.recall(&bob, said.id).await.unwrap();
        phone.sees("recalled").await;
        let again = json!({ "type": "msg", "room": room, "content": "oh", "reply_to": said.id });
        assert_eq!(phone.ask(again).await["type"], "ack");
    }

    /// Their acks were lost, and their user is muted or put out since.
    async fn changes_that_were_made_are_acknowledged_again(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&bob, &[&ann]).await;
        let mut phone = world.joined(&ann, room).await;
        let [edited, recalled] = [draft(None, "tea"), draft(None, "oops")];
        let edited = world.chat.send(&ann, room, edited).await.unwrap().message.id;
        let recalled = world.chat.send(&ann, room, recalled).await.unwrap().message.id;
        let bobs = world.chat.send(&bob, room, draft(None, "cups?")).await.unwrap().message.id;
        let changes = [
            json!({ "type": "edit", "id": "e", "message": edited, "content": "two cups" }),
            json!({ "type": "recall", "id": "r", "message": recalled }),
            json!({ "type": "react", "id": "l", "message": bobs, "emoji": "👍" }),
        ];
        for change in &changes {
            phone.frame(change.clone()).await.unwrap();
            phone.until("ack").await;
        }
        world.mute(&bob, room, ann.user_id(), Duration::from_secs(60)).await;
        for out in [false, true] {
            if out {
                world.chat.remove_member(&bob, room, ann.user_id(), false).await.unwrap();
            }
            for change in &changes {
                phone.frame(change.clone()).await.unwrap();
                let ack = phone.until("ack").await;
                assert_eq!((&ack["id"], &ack["message"]), (&change["id"], &change["message"]));
            }
            let another = json!({ "type": "edit", "id": "e", "message": edited, "content": "three cups" });
            assert!(phone.frame(another).await.is_err(), "what was not made is refused");
        }
    }
}
