//! What is said: acknowledged once durable, in its place, once.

use serde_json::{Value, json};
use teahouse_chat::{Error, Window};
use teahouse_protocol::{ErrorCode, RoomKind, Visibility};

use crate::world::{World, draft, on_both, seq};

on_both! {
    async fn the_sender_gets_the_ack_and_everybody_else_the_message(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&ann, room).await;
        let mut tablet = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let ack = phone.ask(json!({ "type": "msg", "id": "c-1", "room": room, "content": "two cups" })).await;
        assert_eq!((&ack["type"], &ack["id"], &ack["state"]), (&json!("ack"), &json!("c-1"), &json!("sent")));
        for socket in [&mut tablet, &mut other] {
            let message = socket.hears("two cups").await;
            assert_eq!(message["seq"], ack["seq"]);
            assert_eq!(message["id"], ack["message"]);
            assert_eq!(message["client_id"], "c-1");
            assert_eq!(message["sender"]["name"], "ann");
        }
        other.say(room, "thank you").await;
        phone.hears("thank you").await;
        phone.has_nothing().await;
    }

    /// What a connection sees of a room is in order: its own acks among others' messages.
    async fn an_ack_stands_in_its_messages_place(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut sockets = [world.joined(&ann, room).await, world.joined(&bob, room).await];
        let mut next = 4_i64;
        for round in 0..40 {
            for count in 0..5 {
                for socket in &mut sockets {
                    socket.say(room, &format!("{round}-{count}")).await;
                }
            }
            for socket in &mut sockets {
                let seen: Vec<i64> = numbers(socket, 10).await;
                assert_eq!(seen, (next - 1..next + 9).collect::<Vec<_>>());
            }
            next += 10;
        }
    }

    async fn a_message_sent_twice_is_stored_once_and_acknowledged_alike(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let frame = json!({ "type": "msg", "id": "c-1", "room": room, "content": "once" });
        let first = phone.ask(frame.clone()).await;
        let again = phone.ask(frame.clone()).await;
        assert_eq!(first, again);
        // Three at once, and one by another door.
        for _ in 0..3 {
            phone.frame(frame.clone()).await.unwrap();
        }
        let by_rest = world.chat.send(&ann, room, draft(Some("c-1"), "once")).await.unwrap();
        assert!(by_rest.repeated);
        assert_eq!(json!(by_rest.message.id), first["message"]);
        for _ in 0..3 {
            assert_eq!(phone.next().await, first);
        }
        phone.say(room, "twice").await;
        other.hears("once").await;
        other.hears("twice").await;
        let history = world.chat.history(&bob, room, Window::Newest, 50).await.unwrap();
        assert_eq!(history.items.len(), 2);
    }

    /// Sent twice before the first was written: both acks stand after what was said before.
    async fn a_repeat_on_the_way_is_acknowledged_in_its_place(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let held = world.hold_writes(room).await;
        phone.say(room, "a batch of its own, while the rest gathers").await;
        other.say(room, "hers").await;
        let frame = json!({ "type": "msg", "id": "c-1", "room": room, "content": "mine" });
        for _ in 0..3 {
            phone.frame(frame.clone()).await.unwrap();
        }
        held.rollback().await.unwrap();
        phone.sees("ack").await;
        let before = phone.hears("hers").await["seq"].as_i64().unwrap();
        for _ in 0..3 {
            let ack = phone.sees("ack").await;
            assert_eq!((&ack["id"], ack["seq"].as_i64()), (&json!("c-1"), Some(before + 1)));
        }
    }

    /// A change and messages written together come to listeners in the order of their numbers.
    async fn a_change_among_messages_comes_in_its_place(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        let held = world.hold_writes(room).await;
        phone.say(room, "first").await;
        // The writer has it, and waits: what comes now makes the next batch, or joins this one.
        while world.chat.queued() > 0 {
            tokio::task::yield_now().await;
        }
        let changing = {
            let (chat, ann) = (world.chat.clone(), ann.clone());
            let announcement = teahouse_protocol::Announcement::new("closed on Monday").ok();
            let change = teahouse_chat::RoomChange { announcement, ..Default::default() };
            tokio::spawn(async move { chat.update_room(&ann, room, change).await })
        };
        // It may have joined the first one: then nobody sees it wait.
        for _ in 0..10_000 {
            if world.chat.queued() > 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        phone.say(room, "second").await;
        phone.say(room, "third").await;
        held.rollback().await.unwrap();
        changing.await.unwrap().unwrap();
        assert_eq!(numbers(&mut other, 4).await, [3, 4, 5, 6]);
        assert_eq!(numbers(&mut phone, 4).await, [3, 4, 5, 6]);
    }

    async fn both_doors_are_one_pipeline(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut socket = world.joined(&bob, room).await;
        let sent = world.chat.send(&ann, room, draft(Some("c-1"), "by REST")).await.unwrap();
        assert!(!sent.repeated);
        let heard = socket.hears("by REST").await;
        assert_eq!(heard["seq"], json!(sent.message.seq));
        let history = world.chat.history(&ann, room, Window::Newest, 50).await.unwrap();
        assert_eq!(serde_json::to_value(&history.items[0]).unwrap(), without_type(heard));
    }

    /// A tutorial's client gives no id and no room: it speaks in the lobby, or where it joined last.
    async fn a_message_without_a_room_goes_where_the_connection_is(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut there = world.joined(&bob, room).await;
        let mut lobby = world.joined(&bob, world.chat.lobby()).await;
        let mut phone = world.socket(&ann);
        let ack = phone.ask(json!({ "type": "msg", "content": "hello, all" })).await;
        assert_eq!((&ack["type"], &ack["id"]), (&json!("ack"), &Value::Null));
        lobby.hears("hello, all").await;
        phone.join(room).await;
        phone.ask(json!({ "type": "msg", "content": "hello, bob" })).await;
        there.hears("hello, bob").await;
        assert_eq!(phone.ask(json!({ "type": "leave", "room": room })).await, json!({ "type": "left", "room": room }));
        phone.ask(json!({ "type": "msg", "content": "all again" })).await;
        lobby.hears("all again").await;
    }

    async fn other_kinds_of_messages_carry_their_text(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.socket(&ann);
        let mut other = world.joined(&bob, room).await;
        let content = json!({ "latitude": 31.2, "longitude": 121.5, "name": "Yu Garden" });
        let frame = json!({ "type": "msg", "room": room, "kind": "location", "content": content });
        phone.ask(frame).await;
        let heard = other.sees("msg").await;
        assert_eq!((&heard["kind"], &heard["content"]), (&json!("location"), &content));
        assert_eq!(heard["text"], "[位置] Yu Garden");
    }

    /// Also when the room was deleted while the message waited.
    async fn a_message_to_a_room_that_is_not_there_is_refused(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let nowhere = teahouse_protocol::RoomId::generate();
        let hidden = world.group(&ann, &[]).await;
        let mut socket = world.socket(&bob);
        for room in [nowhere, hidden] {
            let refused = socket.refusal(json!({ "type": "msg", "room": room, "content": "hello?" })).await;
            assert_eq!(refused, ErrorCode::RoomNotFound);
            assert!(matches!(world.chat.send(&bob, room, draft(None, "hello?")).await, Err(Error::RoomNotFound)));
        }
        world.chat.delete_room(&ann, hidden).await.unwrap();
        assert!(matches!(world.chat.send(&ann, hidden, draft(None, "hello?")).await, Err(Error::RoomNotFound)));
    }

    async fn a_new_name_stands_on_what_is_said_from_then_on(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut phone = world.joined(&ann, room).await;
        let mut other = world.joined(&bob, room).await;
        phone.say(room, "one").await;
        assert_eq!(other.hears("one").await["sender"]["name"], "ann");
        let name = Some(teahouse_protocol::DisplayName::new("Ännchen").unwrap());
        let change = teahouse_accounts::ProfileChange { name, avatar: None };
        world.accounts.update_me(&ann, change).await.unwrap();
        phone.say(room, "two").await;
        assert_eq!(other.hears("two").await["sender"]["name"], "Ännchen");
        // Also on what was said before: a name is the person's, not the message's.
        let history = world.chat.history(&bob, room, Window::Newest, 50).await.unwrap();
        assert!(history.items.iter().all(|message| message.sender.name == "Ännchen"));
    }

    async fn in_a_channel_only_those_who_keep_it_write(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.room(&ann, RoomKind::Channel, Visibility::Public, &[&bob]).await;
        let mut socket = world.joined(&bob, room).await;
        let frame = json!({ "type": "msg", "room": room, "content": "may I?" });
        assert_eq!(socket.refusal(frame.clone()).await, ErrorCode::NotAllowed);
        world.make_admin(&ann, room, bob.user_id()).await;
        assert_eq!(socket.sees("member").await["role"], "admin");
        assert_eq!(socket.ask(frame).await["type"], "ack");
        assert_eq!(world.say(&ann, room, "news").await, seq(5));
    }
}

/// The numbers of the next `count` events.
async fn numbers(socket: &mut crate::socket::Socket, count: usize) -> Vec<i64> {
    let mut seen = Vec::with_capacity(count);
    for _ in 0..count {
        seen.push(socket.next().await["seq"].as_i64().unwrap());
    }
    seen
}

fn without_type(mut event: Value) -> Value {
    event.as_object_mut().unwrap().remove("type");
    event
}
