//! Listening to many rooms: those that are mine now, and those that I get into later.

use serde_json::{Value, json};
use teahouse_chat::{PutMember, RoomChange};
use teahouse_protocol::{Announcement, Visibility};

use crate::world::{World, on_both};

fn rooms_in(heads: &Value) -> Vec<Value> {
    heads["rooms"].as_array().unwrap().iter().map(|head| head["room"].clone()).collect()
}

on_both! {
    async fn to_all_has_my_rooms_and_the_lobby_with_where_they_stand(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let mine = world.group(&ann, &[&bob]).await;
        let other = world.public_group(&ann, &[]).await;
        world.say(&ann, mine, "one").await;
        world.say(&ann, mine, "two").await;
        world.say(&bob, mine, "my own").await;
        let mut socket = world.socket(&bob);
        let heads = socket.listen_to_all().await;
        assert_eq!(rooms_in(&heads).len(), 2);
        assert!(rooms_in(&heads).contains(&json!(world.chat.lobby())));
        let head = heads["rooms"].as_array().unwrap().iter().find(|head| head["room"] == json!(mine)).unwrap();
        assert_eq!((&head["last_seq"], &head["read_seq"], &head["unread"]), (&json!(5), &json!(0), &json!(2)));
        assert_eq!(head["last"]["content"], "my own");
        world.say(&ann, other, "not for bob").await;
        world.say(&ann, mine, "three").await;
        world.say(&ann, world.chat.lobby(), "hello").await;
        socket.hears("three").await;
        socket.hears("hello").await;
    }

    async fn to_all_follows_into_rooms_that_i_get_into_later(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let open = world.public_group(&ann, &[]).await;
        let mut socket = world.socket(&bob);
        socket.listen_to_all().await;
        // Made with me in it, invited into, joined, and opened by somebody else.
        let made = world.group(&ann, &[&bob]).await;
        assert_eq!(socket.sees("member").await["room"], json!(made));
        world.say(&ann, made, "made").await;
        assert_eq!(socket.hears("made").await["seq"], 3);
        let invited = world.group(&ann, &[]).await;
        world.chat.put_member(&ann, invited, bob.user_id(), PutMember::default()).await.unwrap();
        assert_eq!(socket.sees("member").await["room"], json!(invited));
        world.say(&ann, invited, "invited").await;
        socket.hears("invited").await;
        world.chat.join(&bob, open).await.unwrap();
        assert_eq!(socket.sees("member").await["room"], json!(open));
        let (direct, _) = world.chat.open_direct(&ann, bob.user_id()).await.unwrap();
        socket.until("member").await;
        world.say(&ann, direct.id, "psst").await;
        assert_eq!(socket.until("msg").await["content"], "psst");
    }

    async fn a_room_that_i_left_or_that_was_ended_is_heard_no_more(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let (left, ended) = (world.group(&ann, &[&bob]).await, world.group(&ann, &[&bob]).await);
        let kicked = world.group(&ann, &[&bob]).await;
        let banned = world.public_group(&ann, &[&bob]).await;
        let mut socket = world.socket(&bob);
        socket.listen_to_all().await;
        world.chat.leave(&bob, left).await.unwrap();
        assert_eq!(socket.sees("member").await["change"], "left");
        world.chat.remove_member(&ann, kicked, bob.user_id(), false).await.unwrap();
        assert_eq!(socket.sees("member").await["change"], "kicked");
        world.chat.remove_member(&ann, banned, bob.user_id(), true).await.unwrap();
        assert_eq!(socket.sees("member").await["change"], "banned");
        world.chat.delete_room(&ann, ended).await.unwrap();
        assert_eq!(socket.sees("room").await["deleted"], true);
        for room in [left, kicked, banned] {
            world.say(&ann, room, "without bob").await;
        }
        world.say(&ann, world.chat.lobby(), "fence").await;
        socket.hears("fence").await;
        let heads = socket.listen_to_all().await;
        assert_eq!(rooms_in(&heads), [json!(world.chat.lobby())]);
    }

    async fn to_some_rooms_leaves_out_those_that_are_not_there_for_me(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let (mine, hidden) = (world.group(&ann, &[&bob]).await, world.group(&ann, &[]).await);
        let open = world.public_group(&ann, &[]).await;
        let nowhere = teahouse_protocol::RoomId::generate();
        let mut socket = world.socket(&bob);
        // One of them twice: it is heard once.
        let frame = json!({ "type": "listen", "rooms": [hidden, mine, nowhere, open, mine] });
        let heads = socket.ask(frame).await;
        assert_eq!(rooms_in(&heads), [json!(mine), json!(open)]);
        for room in [hidden, mine, open] {
            world.say(&ann, room, &room.to_string()).await;
        }
        socket.hears(&mine.to_string()).await;
        socket.hears(&open.to_string()).await;
        // Only these: who does not listen to all does not follow.
        world.group(&ann, &[&bob]).await;
        world.say(&ann, mine, "again").await;
        socket.hears("again").await;
    }

    async fn a_room_made_private_shows_passers_by_out(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.public_group(&ann, &[&cid]).await;
        let mut passer_by = world.joined(&bob, room).await;
        let mut member = world.joined(&cid, room).await;
        let private = RoomChange { visibility: Some(Visibility::Private), ..RoomChange::default() };
        world.chat.update_room(&ann, room, private).await.unwrap();
        assert_eq!(passer_by.sees("room").await["visibility"], "private");
        member.sees("room").await;
        world.say(&ann, room, "among us").await;
        member.hears("among us").await;
        passer_by.has_nothing().await;
        assert_eq!(
            passer_by.refusal(json!({ "type": "join", "room": room })).await,
            teahouse_protocol::ErrorCode::RoomNotFound
        );
    }

    async fn a_renamed_room_tells_its_listeners(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut socket = world.joined(&bob, room).await;
        let change = RoomChange { announcement: Announcement::new("closed on Monday").ok(), ..RoomChange::default() };
        world.chat.update_room(&ann, room, change.clone()).await.unwrap();
        let event = socket.sees("room").await;
        assert_eq!((&event["announcement"], &event["name"]), (&json!("closed on Monday"), &Value::Null));
        // Again is nothing new.
        world.chat.update_room(&ann, room, change).await.unwrap();
        socket.has_nothing().await;
    }
}
