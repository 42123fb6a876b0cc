//! How connections end: with their session, with their user's ban, and with the server.

use std::time::Duration;

use serde_json::json;
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
        world.accounts.ban(None, ann.user_id()).await.unwrap();
        assert_eq!(first.closed().await, CloseCode::Policy);
        assert_eq!(second.closed().await, CloseCode::Policy);
        other.has_nothing().await;
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
        let (_db, _folder) = world.stop().await;
        let kept = chat.history(&ann, room, Window::Newest, 200).await.unwrap();
        assert_eq!(kept.items.len(), 200);
    }
}
