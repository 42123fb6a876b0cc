//! How connections end: with their session, with their user's ban, and with the server.

use std::time::Duration;

use serde_json::json;
use teahouse_accounts::By;
use teahouse_chat::{Error, Handled, Window};
use teahouse_protocol::{CloseCode, ErrorCode};

use crate::world::{World, draft, on_both};

on_both! {
    async fn a_session_that_ends_takes_its_connections_along(world: World) {
        let phone = world.person("ann").await;
        let tablet = world.person("ann").await;
        let (mut first, mut second) = (world.socket(&phone), world.socket(&phone));
        let mut other = world.socket(&tablet);
        world.accounts.logout(&phone).await.unwrap();
        for socket in [&mut first, &mut second] {
            assert_eq!(socket.sees("error").await["code"], "session_expired");
            assert_eq!(socket.closed().await, CloseCode::SessionExpired);
        }
        other.has_nothing().await;
        // One that comes too late ends at once.
        assert_eq!(world.socket(&phone).closed().await, CloseCode::SessionExpired);
    }

    async fn signing_in_elsewhere_ends_the_first_where_one_device_is_the_rule(world: World) {
        let world = world.restarted(|settings| settings.sessions.one_device = true).await;
        let phone = world.person("ann").await;
        let mut first = world.socket(&phone);
        let tablet = world.person("ann").await;
        assert_eq!(first.closed().await, CloseCode::SignedInElsewhere);
        world.socket(&tablet).has_nothing().await;
    }

    async fn a_banned_users_connections_close_for_good(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let (mut first, mut second) = (world.socket(&ann), world.socket(&ann));
        let mut other = world.socket(&bob);
        world.accounts.ban(&By::operator(), ann.user_id(), None, None).await.unwrap();
        assert_eq!(first.closed().await, CloseCode::Policy);
        assert_eq!(second.closed().await, CloseCode::Policy);
        other.has_nothing().await;
        // One whose upgrade was under way comes after the word, and is closed all the same.
        assert_eq!(world.socket(&ann).closed().await, CloseCode::Policy);
    }

    async fn a_session_that_expires_closes_its_connections(world: World) {
        let [ann] = world.people(["ann"]).await;
        let mut socket = world.socket(&ann);
        world.clock.advance(Duration::from_secs(30 * 24 * 3600 - 1));
        socket.has_nothing().await;
        world.clock.advance(Duration::from_secs(1));
        let (events, closed) = socket.rest().await;
        assert_eq!(closed, CloseCode::SessionExpired);
        assert_eq!(events.last().unwrap()["code"], "session_expired");
    }

    /// Everybody is answered, and connections stay: the database may come back.
    async fn a_database_that_goes_is_told_and_closes_nothing(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut socket = world.joined(&ann, room).await;
        world.db.close().await;
        for count in 0..3 {
            let id = format!("c-{count}");
            let frame = json!({ "type": "msg", "id": id, "room": room, "content": "anybody there?" });
            let error = socket.ask(frame).await;
            assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!(id)));
            assert_eq!(error["code"], "unavailable");
            assert!(error["retry_after_ms"].as_u64().unwrap() > 0);
        }
        let refused = world.chat.send(&ann, room, draft(None, "anybody?")).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Unavailable);
        assert!(refused.retry_after().is_some());
        let join = json!({ "type": "join", "room": room, "since": 0 });
        assert_eq!(socket.refusal(join).await, ErrorCode::Unavailable);
        socket.has_nothing().await;
    }

    /// Each frame is answered once: with an ack while the room is there, with an error from then on.
    async fn a_room_that_ends_under_its_talkers_answers_each_of_them(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut listener = world.joined(&ann, room).await;
        let mut socket = world.joined(&bob, room).await;
        let deleting = {
            let (chat, ann) = (world.chat.clone(), ann.clone());
            tokio::spawn(async move { chat.delete_room(&ann, room).await })
        };
        let (mut asked, mut refused) = (0, 0);
        while refused == 0 {
            let frame = json!({ "type": "msg", "id": format!("c-{asked}"), "room": room, "content": "tea" });
            match socket.frame(frame).await {
                Ok(()) => asked += 1,
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::RoomNotFound);
                    refused += 1;
                }
            }
            tokio::task::yield_now().await;
        }
        deleting.await.unwrap().unwrap();
        let (mut acks, mut errors) = (0, 0);
        while acks + errors < asked {
            let event = socket.next().await;
            match event["type"].as_str().unwrap() {
                "ack" => acks += 1,
                "error" => {
                    assert_eq!(event["code"], "room_not_found");
                    errors += 1;
                }
                "room" => assert_eq!(event["deleted"], true),
                other => panic!("{other}"),
            }
        }
        for _ in 0..acks {
            listener.hears("tea").await;
        }
        assert_eq!(listener.sees("room").await["deleted"], true);
    }

    /// What was accepted before is durable and acknowledged on the socket that sent it; what comes later is refused.
    async fn a_shutdown_loses_nothing_that_was_accepted(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut socket = world.joined(&ann, room).await;
        let mut listener = world.joined(&bob, room).await;
        let mut accepted = 0;
        for count in 0..500 {
            if count == 200 {
                world.chat.close();
            }
            let frame = json!({ "type": "msg", "id": format!("c-{count}"), "room": room, "content": "tea" });
            match socket.hand_over(&frame) {
                Handled::Done => accepted += 1,
                Handled::Refused(error) => {
                    assert!(matches!(error, Error::Busy));
                    assert_eq!(error.code(), ErrorCode::Unavailable);
                }
                Handled::Later(_) => panic!("the room is known"),
            }
        }
        assert_eq!(accepted, 200);
        assert!(matches!(world.chat.send(&ann, room, draft(None, "late")).await, Err(Error::Busy)));
        assert!(matches!(world.try_socket(&ann), Err(Error::Busy)));
        let (acks, closed) = socket.rest().await;
        assert_eq!((acks.len(), closed), (200, CloseCode::GoingAway));
        assert!(acks.iter().all(|ack| ack["type"] == "ack"));
        let (heard, closed) = listener.rest().await;
        assert_eq!((heard.len(), closed), (200, CloseCode::GoingAway));
        let chat = world.chat.clone();
        world.stop().await;
        let kept = chat.history(&ann, room, Window::Newest, 200).await.unwrap();
        assert_eq!(kept.items.len(), 200);
    }
}
