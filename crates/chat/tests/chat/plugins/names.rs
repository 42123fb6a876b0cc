//! Names and doors: what plugins say of a name, and of who wants to come in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::EntityTrait;
use serde_json::json;
use teahouse_accounts::{Device, ProfileChange};
use teahouse_chat::{Authority, CreateRoom, Error, Handled, ReviewFilter, ReviewState, RoomChange};
use teahouse_protocol::{Announcement, DisplayName, ErrorCode, RoomKind, RoomName, Visibility};

use super::hooks::FakeHooks;
use super::verdicts::admin;
use crate::world::{World, first_page, on_both};

fn named(name: &str) -> ProfileChange {
    ProfileChange { name: Some(DisplayName::new(name).unwrap()), avatar: None }
}

fn room_named(name: &str) -> CreateRoom {
    CreateRoom {
        name: RoomName::new(name).unwrap(),
        kind: RoomKind::Group,
        visibility: Visibility::Public,
        members: Vec::new(),
    }
}

#[track_caller]
fn rule<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Rejected(refusal)) => refusal.rule,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it passed"),
    }
}

on_both! {
    async fn names_are_refused_replaced_or_put_up_for_review(world: World) {
        let [ann] = world.people(["ann"]).await;
        FakeHooks::at_work(&world);
        let chat = &world.chat;
        assert_eq!(rule(chat.update_me(&ann, named("spam")).await), "spam");
        assert_eq!(rule(chat.update_me(&ann, named("hold me")).await), "held");
        assert_eq!(rule(chat.update_me(&ann, named("shadow")).await), "held");
        assert_eq!(ann.profile().name, "ann");
        assert_eq!(chat.update_me(&ann, named("rude ann")).await.unwrap().name, "kind ann");
        assert_eq!(chat.update_me(&ann, named("an odd ann")).await.unwrap().name, "an odd ann");
        assert_eq!(rule(chat.create_room(&ann, room_named("spam room")).await), "spam");
        let room = chat.create_room(&ann, room_named("rude room")).await.unwrap();
        assert_eq!(room.name, "kind room");
        let announce = |text: &str| RoomChange { announcement: Announcement::new(text).ok(), ..RoomChange::default() };
        assert_eq!(rule(chat.update_room(&ann, room.id, announce("hold on")).await), "held");
        assert_eq!(chat.update_room(&ann, room.id, announce("rude")).await.unwrap().announcement, "kind");
        assert_eq!(chat.update_room(&ann, room.id, announce("")).await.unwrap().announcement, "");
        let rename = RoomChange { name: RoomName::new("spam").ok(), ..RoomChange::default() };
        assert_eq!(rule(chat.update_room(&ann, room.id, rename).await), "spam");
        let open = ReviewFilter { room: None, state: ReviewState::Open };
        let reviews = chat.reviews_page(&admin(), open, first_page()).await.unwrap().items;
        let told: Vec<_> = reviews.iter().map(|one| (one.subject.as_str(), one.note.as_str())).collect();
        let expected = [
            ("user-name", "look: hold me"),
            ("user-name", "look: shadow"),
            ("user-name", "look: an odd ann"),
            ("announcement", "look: hold on"),
        ];
        assert_eq!(told, expected);
    }

    async fn names_that_come_with_a_sign_in_are_refused_replaced_or_put_up_likewise(world: World) {
        FakeHooks::at_work(&world);
        let guest = async |name: &str| {
            let name = DisplayName::new(name).unwrap();
            world.accounts.sign_in_guest(Some(name), &Device::default()).await.map_err(Error::from)
        };
        let refused = guest("spam").await.unwrap_err();
        assert!(matches!(&refused, Error::Accounts(teahouse_accounts::Error::NameRejected(_))), "{refused}");
        assert_eq!(refused.code(), ErrorCode::Rejected);
        assert_eq!(guest("hold me").await.unwrap_err().code(), ErrorCode::Rejected);
        assert_eq!(guest("rude guest").await.unwrap().user.name, "kind guest");
        let odd = guest("an odd guest").await.unwrap().user;
        let open = ReviewFilter { room: None, state: ReviewState::Open };
        let reviews = world.chat.reviews_page(&admin(), open, first_page()).await.unwrap().items;
        let told: Vec<_> = reviews.iter().map(|one| (one.subject.as_str(), one.note.as_str())).collect();
        assert_eq!(told, [("user-name", "look: hold me"), ("user-name", "look: an odd guest")]);
        let whose: Vec<_> = reviews.iter().map(|one| one.user.as_ref().map(|user| user.id)).collect();
        assert_eq!(whose, [None, Some(odd.id)], "who was refused never was");
    }

    async fn who_must_ask_waits_for_the_moderators(world: World) {
        let [ann, bob, stranger] = world.people(["ann", "bob", "stranger"]).await;
        let room = world.public_group(&ann, &[&bob]).await;
        FakeHooks::at_work(&world);
        let mut owner = world.socket(&ann);
        let mut member = world.socket(&bob);
        let mut asking = world.socket(&stranger);
        let chat = &world.chat;
        for _ in 0..2 {
            let asked = chat.ask_to_join(&stranger, room, "let me in").await;
            assert_eq!(asked.unwrap_err().code(), ErrorCode::ApprovalRequired);
        }
        let notice = owner.sees("notice").await;
        assert_eq!((&notice["kind"], &notice["user"]), (&json!("join_request"), &json!(stranger.user_id())));
        owner.has_nothing().await;
        member.has_nothing().await;
        let [owner_of, member_of] = [&ann, &bob].map(|one| Authority::Moderator(one.clone()));
        assert!(matches!(chat.join_requests(&member_of, room, first_page()).await, Err(Error::NotAllowed(_))));
        let requests = chat.join_requests(&owner_of, room, first_page()).await.unwrap().items;
        assert_eq!((requests.len(), requests[0].word.as_str()), (1, "let me in"));
        let user = stranger.user_id();
        assert!(matches!(chat.accept_join(&member_of, room, user).await, Err(Error::NotAllowed(_))));
        chat.refuse_join(&owner_of, room, user).await.unwrap();
        assert_eq!(asking.sees("notice").await["kind"], "join_refused");
        assert!(matches!(chat.accept_join(&owner_of, room, user).await, Err(Error::UserNotFound)));
        chat.join(&stranger, room).await.unwrap_err();
        chat.accept_join(&owner_of, room, user).await.unwrap();
        assert_eq!(asking.sees("notice").await["kind"], "join_accepted");
        chat.join(&stranger, room).await.unwrap();
        assert!(chat.join_requests(&owner_of, room, first_page()).await.unwrap().items.is_empty());
    }

    async fn who_was_banned_or_came_in_otherwise_asks_no_more(world: World) {
        let [ann, stranger] = world.people(["ann", "stranger"]).await;
        let room = world.public_group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        let (chat, user) = (&world.chat, stranger.user_id());
        let owner = Authority::Moderator(ann.clone());
        let asking = async || chat.join_requests(&owner, room, first_page()).await.unwrap().items.len();
        let ask = async || chat.ask_to_join(&stranger, room, "").await.unwrap_err().code();
        assert_eq!((ask().await, asking().await), (ErrorCode::ApprovalRequired, 1));
        chat.remove_member(&ann, room, user, true).await.unwrap();
        assert_eq!((ask().await, asking().await), (ErrorCode::Banned, 0));
        assert!(matches!(chat.accept_join(&owner, room, user).await, Err(Error::UserNotFound)));
        chat.unban(&ann, room, user).await.unwrap();
        assert_eq!((ask().await, asking().await), (ErrorCode::ApprovalRequired, 1));
        chat.put_member(&ann, room, user, teahouse_chat::PutMember::default()).await.unwrap();
        assert_eq!(asking().await, 0);
        assert!(matches!(chat.accept_join(&owner, room, user).await, Err(Error::UserNotFound)));
        let acts = teahouse_store::entity::audit::Entity::find().all(world.db.conn()).await.unwrap();
        assert!(acts.iter().all(|act| act.action != "join.accepted"), "nobody was let in by a request");
    }

    async fn of_two_who_answer_a_request_at_once_one_does(world: World) {
        let [ann, stranger] = world.people(["ann", "stranger"]).await;
        FakeHooks::at_work(&world);
        for _ in 0..8 {
            let room = world.public_group(&ann, &[]).await;
            world.chat.ask_to_join(&stranger, room, "").await.unwrap_err();
            let (owner, user) = (Authority::Moderator(ann.clone()), stranger.user_id());
            let [one, two] = [world.chat.clone(), world.chat.clone()];
            let other = owner.clone();
            let accept = tokio::spawn(async move { one.accept_join(&owner, room, user).await });
            let refuse = tokio::spawn(async move { two.refuse_join(&other, room, user).await });
            let (accepted, refused) = (accept.await.unwrap(), refuse.await.unwrap());
            assert_ne!(accepted.is_ok(), refused.is_ok(), "{accepted:?} {refused:?}");
            let inside = world.chat.read_member(room, user).await.unwrap().is_some();
            assert_eq!(inside, accepted.is_ok());
        }
    }

    /// At least once: when telling fails it is told again, with the same time, and by that its events are one.
    async fn who_comes_into_the_lobby_is_told_of_until_it_is_heard(world: World) {
        let hooks = FakeHooks::at_work(&world);
        hooks.arrivals_fail.store(true, Ordering::SeqCst);
        let [ann, bob] = world.people(["ann", "bob"]).await;
        for _ in 0..2 {
            let mut phone = world.socket(&ann);
            phone.listen_to_all().await;
        }
        let told = async |times: usize| {
            while hooks.came.lock().len() < times {
                // The second attempt is due by the clock, some seconds after the first one failed.
                world.clock.advance(Duration::from_secs(10));
                drop(tokio::time::timeout(Duration::from_millis(200), hooks.told.notified()).await);
            }
            hooks.came.lock().clone()
        };
        told(2).await;
        world.socket(&bob).listen_to_all().await;
        let came = told(3).await;
        let people: Vec<_> = came.iter().map(|(user, _)| *user).collect();
        assert_eq!(people, [ann.user_id(), ann.user_id(), bob.user_id()]);
        assert_eq!(came[0], came[1]);
    }

    async fn who_hangs_up_on_the_way_in_is_told_of_all_the_same(world: World) {
        let hooks = FakeHooks::at_work(&world);
        let [ann] = world.people(["ann"]).await;
        let mut phone = world.socket(&ann);
        let listen = json!({ "type": "listen", "rooms": "all" });
        let Handled::Later(work) = phone.hand_over(&listen) else { panic!("it waits") };
        tokio::select! {
            biased;
            done = work => drop(done),
            () = tokio::task::yield_now() => {}
        }
        drop(phone);
        // Wherever that was: all of it is written, or nothing.
        world.socket(&ann).listen_to_all().await;
        while hooks.came.lock().is_empty() {
            hooks.told.notified().await;
        }
        let came: Vec<_> = hooks.came.lock().iter().map(|(user, _)| *user).collect();
        assert_eq!(came, [ann.user_id()]);
    }

    async fn the_gate_refuses_and_an_invitation_passes_it(world: World) {
        let [ann, spammer, carol] = world.people(["ann", "spammer", "carol"]).await;
        let room = world.public_group(&ann, &[]).await;
        FakeHooks::at_work(&world);
        assert_eq!(rule(world.chat.join(&spammer, room).await), "spam");
        world.chat.join(&carol, room).await.unwrap();
        let put = teahouse_chat::PutMember::default();
        world.chat.put_member(&ann, room, spammer.user_id(), put).await.unwrap();
        world.chat.join(&spammer, room).await.unwrap();
    }
}
