//! Whoever decides about what is held: somebody always can, and its sender is told who.

use serde_json::json;
use teahouse_accounts::{ProfileChange, Session};
use teahouse_chat::{Authority, Error, HeldFilter};
use teahouse_protocol::{AckState, DisplayName, ErrorCode, MessageId, RoomId};

use super::hooks::FakeHooks;
use super::verdicts::{admin, msg};
use crate::world::{World, draft, first_page, on_both};

async fn refused(world: &World, who: &Session, room: RoomId, text: &str) -> (String, String) {
    match world.chat.send(who, room, draft(None, text)).await {
        Err(Error::Rejected(refusal)) => (refusal.rule.clone(), refusal.reason.clone()),
        other => panic!("{text}: {other:?}"),
    }
}

on_both! {
    /// Nobody but the two may read it, so nobody could let it through: it is refused at once, and an edit likewise.
    async fn nothing_waits_in_a_conversation_of_two(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        FakeHooks::at_work(&world);
        let room = world.chat.open_direct(&ann, bob.user_id()).await.unwrap().0.id;
        let (rule, reason) = refused(&world, &ann, room, "hold this").await;
        assert_eq!(rule, "odd");
        assert!(reason.contains("没有发出") && reason.contains("not sent"), "{reason}");
        assert!(!reason.ends_with("look"), "what moderators are told is not for the sender: {reason}");
        let (rule, reason) = refused(&world, &ann, room, "broken filter").await;
        assert_eq!(rule, "plugin-failed");
        assert!(reason.contains("try again later"), "{reason}");
        let said = world.chat.send(&ann, room, draft(None, "hello")).await.unwrap();
        let edited = world.chat.edit(&ann, said.message.id, "\"hold that\"").await;
        assert!(matches!(edited, Err(Error::Rejected(_))), "{edited:?}");
        let all = world.chat.held_page(&admin(), HeldFilter::default(), first_page()).await.unwrap();
        assert!(all.items.is_empty() && world.chat.my_held(&ann, room).await.unwrap().is_empty());
    }

    /// The lobby has no moderators: who speaks there learns that an admin of the server decides, and one can.
    async fn where_nobody_moderates_an_admin_of_the_server_decides(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let own = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let lobby = world.chat.lobby();
        let mut phone = world.joined(&bob, lobby).await;
        phone.frame(msg(lobby, "c-1", "hold this")).await.unwrap();
        // Beside each other: either may be first.
        let events = [phone.next().await, phone.next().await];
        let find = |kind: &str| events.iter().find(|event| event["type"] == kind).expect("an ack and a notice");
        let (ack, told) = (find("ack"), find("notice"));
        assert_eq!(ack["state"], "held", "{ack}");
        assert_eq!((&told["kind"], &told["message"]), (&json!("held_for_admins"), &ack["message"]), "{told}");
        let in_lobby: MessageId = serde_json::from_value(ack["message"].clone()).unwrap();
        // Of a room's only moderator nobody there decides either.
        let in_own = world.chat.send(&ann, own, draft(None, "hold this")).await.unwrap().message.id;
        for (sender, id) in [(&bob, in_lobby), (&ann, in_own)] {
            let refused = world.chat.release(&Authority::Moderator(sender.clone()), id).await;
            assert!(refused.is_err(), "not the sender");
            world.chat.release(&admin(), id).await.unwrap();
        }
        assert_eq!(phone.until("notice").await["kind"], "held_released");
    }

    /// The room hears once why its messages wait, and not with each.
    async fn a_room_is_told_that_its_filter_fails(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let (mut phone, mut other) = (world.joined(&bob, room).await, world.joined(&ann, room).await);
        for id in ["c-1", "c-2", "c-3"] {
            phone.frame(msg(room, id, "broken filter")).await.unwrap();
            assert_eq!(phone.until("ack").await["state"], "held");
        }
        let told = other.sees("notice").await;
        assert_eq!((&told["kind"], &told["room"]), (&json!("filter_fails"), &json!(room)), "{told}");
        phone.say(room, "tea?").await;
        // Told once.
        other.hears("tea?").await;
    }

    /// What nobody had time to look at does not pass, does not wait, and may be sent again under its id.
    async fn what_nobody_had_time_for_is_sent_again(world: World) {
        let [ann, bob, hurried] = world.people(["ann", "bob", "hurried"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let hooks = FakeHooks::at_work(&world);
        let error = world.chat.send(&ann, room, draft(Some("c-1"), "busy house")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unavailable);
        assert!(error.retry_after().is_some());
        let said = world.chat.send(&ann, room, draft(None, "tea?")).await.unwrap();
        let edited = world.chat.edit(&ann, said.message.id, "\"busy\"").await;
        assert!(matches!(edited, Err(Error::Busy)), "{edited:?}");
        let renamed = ProfileChange { name: Some(DisplayName::new("busy bee").unwrap()), ..ProfileChange::default() };
        let renamed = world.chat.update_me(&ann, renamed).await;
        assert!(matches!(renamed, Err(Error::Busy)), "{renamed:?}");
        let public = world.public_group(&ann, &[]).await;
        let joined = world.chat.join(&hurried, public).await;
        assert!(matches!(joined, Err(Error::Busy)), "{joined:?}");
        assert!(world.chat.held_page(&admin(), HeldFilter::default(), first_page()).await.unwrap().items.is_empty());
        hooks.let_everything_pass();
        let sent = world.chat.send(&ann, room, draft(Some("c-1"), "busy house")).await.unwrap();
        assert_eq!((sent.state, sent.repeated), (AckState::Sent, false));
    }
}
