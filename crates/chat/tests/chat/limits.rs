//! Limits: how fast somebody may send, and how slowly somebody may read.

use std::time::Duration;

use serde_json::json;
use teahouse_chat::{CreateRoom, Error, MailboxLimits, PutMember, RoomChange};
use teahouse_protocol::{CloseCode, ErrorCode, RoomKind, RoomName, Seq, Visibility};

use crate::world::{World, draft, on_both, thumb};

on_both! {
    async fn too_fast_is_told_when_to_try_again(world: World) {
        let world = world
            .restarted(|settings| {
                settings.limits.messages_per_second = 1;
                settings.limits.message_burst = 3;
            })
            .await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&bob, &[&ann]).await;
        let mut socket = world.joined(&ann, room).await;
        assert_eq!(socket.hello()["limits"]["message_burst"], 3);
        for _ in 0..3 {
            socket.ask(json!({ "type": "msg", "room": room, "content": "tea" })).await;
        }
        // By either door: the limit is the user's.
        let Err(Error::RateLimited { retry_after }) = world.chat.send(&ann, room, draft(None, "tea")).await else {
            panic!("one past the burst is refused");
        };
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(1));
        let frame = json!({ "type": "msg", "room": room, "content": "tea" });
        assert_eq!(socket.refusal(frame).await, ErrorCode::RateLimited);
        // Others are not held back by it.
        world.say(&bob, room, "calm down").await;
        socket.hears("calm down").await;
    }

    async fn who_reads_too_slowly_is_closed_and_nobody_else_waits(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        let limits = MailboxLimits { frames: 20, bytes: 1 << 20 };
        let mut slow = world.socket_within(&bob, limits);
        slow.join(room).await;
        let mut quick = world.joined(&cid, room).await;
        for count in 0..21 {
            world.say(&ann, room, &count.to_string()).await;
            quick.hears(&count.to_string()).await;
        }
        assert_eq!(slow.rest().await, (Vec::new(), CloseCode::TooSlow));
        // It comes back and has lost nothing.
        drop(slow);
        let mut again = world.socket(&bob);
        again.frame(json!({ "type": "join", "room": room, "since": 3 })).await.unwrap();
        again.sees("joined").await;
        for count in 0..21 {
            again.hears(&count.to_string()).await;
        }
    }

    async fn too_many_bytes_close_as_well(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut slow = world.socket_within(&bob, MailboxLimits { frames: 1000, bytes: 8 * 1024 });
        slow.join(room).await;
        for _ in 0..4 {
            world.say(&ann, room, &"茶".repeat(1000)).await;
        }
        assert_eq!(slow.closed().await, CloseCode::TooSlow);
    }

    /// Whatever goes into a log, and by whichever of a person's connections it comes.
    async fn each_change_is_counted_as_a_message_is(world: World) {
        let world = world
            .restarted(|settings| {
                settings.limits.messages_per_second = 1;
                settings.limits.message_burst = 30;
            })
            .await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let said = world.chat.send(&bob, room, draft(None, "tea")).await.unwrap().message;
        let mut sockets = Vec::new();
        for _ in 0..5 {
            sockets.push(world.joined(&bob, room).await);
        }
        let mut accepted = 0;
        let mut refused = 0;
        for (number, socket) in (0..60).zip((0..5).cycle()) {
            let edit = json!({ "type": "edit", "message": said.id, "content": format!("tea {number}") });
            match sockets[socket].frame(edit).await {
                Ok(()) => accepted += 1,
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::RateLimited);
                    refused += 1;
                }
            }
        }
        assert!(accepted < 35 && refused > 25, "{accepted} accepted, {refused} refused");
        // Now every other change is refused as well, by either door.
        let chat = &world.chat;
        let put = PutMember { role: None, muted_until: None };
        let refusals = [
            chat.send(&bob, room, draft(None, "more")).await.map(drop),
            chat.edit(&bob, said.id, r#""less""#).await.map(drop),
            chat.react(&bob, said.id, thumb()).await,
            chat.recall(&bob, said.id).await,
            chat.press(&bob, said.id, "a", None).await.map(drop),
            chat.create_room(&bob, a_room()).await.map(drop),
            chat.open_direct(&bob, ann.user_id()).await.map(drop),
            chat.update_room(&bob, room, RoomChange::default()).await.map(drop),
            chat.delete_room(&bob, room).await,
            chat.put_member(&bob, room, ann.user_id(), put).await.map(drop),
            chat.remove_member(&bob, room, ann.user_id(), false).await,
            chat.unban(&bob, room, ann.user_id()).await,
            chat.leave(&bob, room).await,
            chat.join(&bob, room).await.map(drop),
        ];
        for (number, refusal) in refusals.into_iter().enumerate() {
            assert_eq!(refusal.expect_err("a refusal").code(), ErrorCode::RateLimited, "change {number}");
        }
        // Others are not held back by it.
        world.say(&ann, room, "calm down").await;
    }

    async fn what_goes_into_no_log_is_counted_by_user(world: World) {
        let world = world
            .restarted(|settings| {
                settings.limits.signals_per_second = 1;
                settings.limits.signal_burst = 20;
            })
            .await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        world.say(&ann, room, "tea").await;
        let mut quiet = world.joined(&ann, room).await;
        let mut sockets = [world.joined(&bob, room).await, world.joined(&bob, room).await];
        let mut refused = 0;
        for (number, socket) in (0..30).zip((0..2).cycle()) {
            let read = json!({ "type": "read", "room": room, "seq": number % 3 });
            refused += usize::from(sockets[socket].frame(read).await.is_err());
        }
        assert!(refused >= 8, "{refused} are refused");
        for frame in [
            json!({ "type": "read", "room": room, "seq": 1 }),
            json!({ "type": "typing", "room": room }),
            json!({ "type": "presence", "users": [ann.user_id()] }),
            json!({ "type": "join", "room": room }),
            json!({ "type": "listen", "rooms": "all" }),
        ] {
            assert_eq!(sockets[0].refusal(frame.clone()).await, ErrorCode::RateLimited, "{frame}");
        }
        let Err(Error::RateLimited { .. }) = world.chat.read(&bob, room, Seq::MAX).await else {
            panic!("by REST it is no other limit");
        };
        quiet.frame(json!({ "type": "read", "room": room, "seq": 3 })).await.unwrap();
    }

    async fn one_connection_too_many_closes_the_oldest(world: World) {
        let world = world.restarted(|settings| settings.limits.connections_per_user = 3).await;
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut others = world.joined(&ann, room).await;
        let mut oldest = world.joined(&bob, room).await;
        let mut older = [world.joined(&bob, room).await, world.joined(&bob, room).await];
        others.has_nothing().await;
        let mut newest = world.joined(&bob, room).await;
        let (told, code) = oldest.rest().await;
        assert_eq!(code, CloseCode::SignedInElsewhere);
        assert_eq!(told.last().unwrap()["code"], "too_many_connections");
        // Its end changes nothing for the others.
        drop(oldest);
        world.say(&ann, room, "tea").await;
        for socket in older.iter_mut().chain([&mut newest, &mut others]) {
            socket.hears("tea").await;
        }
        assert_eq!(newest.join(room).await["members_online"], 2);
    }

    async fn a_connection_listens_to_so_many_rooms_and_no_more(world: World) {
        let world = world.restarted(|settings| settings.limits.rooms_per_connection = 3).await;
        let [ann] = world.people(["ann"]).await;
        let mut rooms = Vec::new();
        for _ in 0..5 {
            rooms.push(world.group(&ann, &[]).await);
        }
        let mut socket = world.socket(&ann);
        for room in &rooms[..3] {
            socket.join(*room).await;
        }
        socket.join(rooms[0]).await;
        assert_eq!(socket.refusal(json!({ "type": "join", "room": rooms[3] })).await, ErrorCode::Conflict);
        socket.ask(json!({ "type": "leave", "room": rooms[1] })).await;
        socket.join(rooms[3]).await;
        // It still hears those that it sits in, each once.
        world.say(&ann, rooms[0], "tea").await;
        socket.hears("tea").await;
        world.say(&ann, rooms[1], "not here").await;
        socket.has_nothing().await;
        // To all: the oldest of them, the lobby before.
        let mut all = world.socket(&ann);
        let heads = all.listen_to_all().await;
        let heard: Vec<_> = heads["rooms"].as_array().unwrap().iter().map(|head| head["room"].clone()).collect();
        assert_eq!(heard, [json!(world.chat.lobby()), json!(rooms[0]), json!(rooms[1])]);
        world.say(&ann, rooms[2], "not here").await;
        all.has_nothing().await;
    }
}

fn a_room() -> CreateRoom {
    CreateRoom {
        name: RoomName::new("one more").unwrap(),
        kind: RoomKind::Group,
        visibility: Visibility::Public,
        members: Vec::new(),
    }
}
