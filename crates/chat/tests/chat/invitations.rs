//! Nobody is in a room by a stranger's will: they are asked, and what they answer holds.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use teahouse_accounts::Session;
use teahouse_chat::{Error, MakingLimits, Placed, PutMember};
use teahouse_protocol::{Clock, ErrorCode, Role, RoomId, RoomKind, Visibility};
use teahouse_store::entity::join_request;

use crate::world::{World, first_page, on_both};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn role(role: Role) -> PutMember {
    PutMember { role: Some(role), muted_until: None }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: ErrorCode) {
    assert_eq!(result.expect_err("a refusal").code(), code);
}

async fn invite(world: &World, by: &Session, room: RoomId, user: &Session) {
    let placed = world.chat.put_member(by, room, user.user_id(), PutMember::default()).await.unwrap();
    assert!(matches!(placed, Placed::Invited(_)), "{placed:?}");
}

/// The rooms that `user` is invited into.
async fn waiting(world: &World, user: &Session) -> Vec<RoomId> {
    let page = world.chat.invitations(user, first_page()).await.unwrap();
    page.items.into_iter().map(|invitation| invitation.room).collect()
}

async fn members(world: &World, asking: &Session, room: RoomId) -> usize {
    world.chat.members(asking, room, first_page()).await.unwrap().items.len()
}

on_both! {
    async fn who_is_invited_comes_in_by_their_own_will(world: World) {
        let (ann, bob) = (world.guest("ann").await, world.guest("bob").await);
        let room = world.group(&ann, &[&bob]).await;
        let mut watching = world.joined(&ann, room).await;
        assert_eq!(members(&world, &ann, room).await, 1, "a room made with a stranger has one member");
        refused(world.chat.room(&bob, room).await, ErrorCode::RoomNotFound);
        let invitation = world.chat.invitations(&bob, first_page()).await.unwrap().items.remove(0);
        assert_eq!((invitation.name.as_str(), invitation.invited_by.id), ("a room", ann.user_id()));
        assert_eq!(world.chat.accept_invitation(&bob, room).await.unwrap().role, Role::Member);
        let came = watching.sees("member").await;
        assert_eq!((&came["user"]["id"], &came["by"]), (&json!(bob.user_id()), &json!(ann.user_id())));
        assert_eq!(came["user"]["is_guest"], true);
        // Twice is once.
        world.chat.accept_invitation(&bob, room).await.unwrap();
        assert!(waiting(&world, &bob).await.is_empty());
        assert_eq!(world.chat.room(&bob, room).await.unwrap().last_seq, crate::world::seq(2));
    }

    async fn an_invitation_is_told_of_once(world: World) {
        let (ann, bob) = (world.guest("ann").await, world.guest("bob").await);
        let room = world.group(&ann, &[]).await;
        let mut phone = world.socket(&bob);
        invite(&world, &ann, room, &bob).await;
        invite(&world, &ann, room, &bob).await;
        let notice = phone.sees("notice").await;
        let expected = (&json!("invited"), &json!(room), &json!(ann.user_id()));
        assert_eq!((&notice["kind"], &notice["room"], &notice["user"]), expected);
        // The next notice is of the next room.
        let other = world.group(&ann, &[&bob]).await;
        assert_eq!(phone.sees("notice").await["room"], json!(other));
        let mut all = [room, other];
        all.sort();
        assert_eq!(waiting(&world, &bob).await, all);
    }

    async fn a_stranger_invites_by_the_rules_of_adding(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let eve = world.guest("eve").await;
        let channel = world.room(&ann, RoomKind::Channel, Visibility::Private, &[&bob]).await;
        let chat = &world.chat;
        refused(chat.put_member(&bob, channel, eve.user_id(), PutMember::default()).await, ErrorCode::NotAllowed);
        world.make_admin(&ann, channel, bob.user_id()).await;
        refused(chat.put_member(&bob, channel, eve.user_id(), role(Role::Admin)).await, ErrorCode::NotAllowed);
        chat.put_member(&ann, channel, eve.user_id(), role(Role::Admin)).await.unwrap();
        assert_eq!(chat.accept_invitation(&eve, channel).await.unwrap().role, Role::Admin);
    }

    /// An invitation gives no more than its sender could give when it is accepted.
    async fn an_offer_is_worth_what_its_sender_is(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let (eve, dan) = (world.guest("eve").await, world.guest("dan").await);
        let room = world.group(&ann, &[&bob]).await;
        let chat = &world.chat;
        let until = world.clock.now() + DAY;
        let muted_admin = PutMember { role: Some(Role::Admin), muted_until: Some(Some(until)) };
        chat.put_member(&ann, room, eve.user_id(), muted_admin).await.unwrap();
        chat.put_member(&ann, room, dan.user_id(), role(Role::Owner)).await.unwrap();
        let eve = chat.accept_invitation(&eve, room).await.unwrap();
        assert_eq!((eve.role, eve.muted_until), (Role::Admin, Some(until)));
        chat.put_member(&ann, room, bob.user_id(), role(Role::Owner)).await.unwrap();
        chat.put_member(&bob, room, ann.user_id(), role(Role::Member)).await.unwrap();
        assert_eq!(chat.accept_invitation(&dan, room).await.unwrap().role, Role::Member);
    }

    async fn who_goes_takes_back_whom_they_invited(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let (eve, dan) = (world.guest("eve").await, world.guest("dan").await);
        let room = world.group(&ann, &[&bob, &cid]).await;
        let chat = &world.chat;
        invite(&world, &bob, room, &eve).await;
        invite(&world, &cid, room, &dan).await;
        chat.remove_member(&ann, room, bob.user_id(), false).await.unwrap();
        chat.leave(&cid, room).await.unwrap();
        for stranger in [&eve, &dan] {
            assert!(waiting(&world, stranger).await.is_empty());
            refused(chat.accept_invitation(stranger, room).await, ErrorCode::RoomNotFound);
        }
    }

    async fn an_invitation_is_taken_back_by_its_sender_and_by_moderators(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let eve = world.guest("eve").await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        let chat = &world.chat;
        for (by, may) in [(&cid, false), (&bob, true), (&ann, true)] {
            invite(&world, &bob, room, &eve).await;
            let taken = chat.remove_member(by, room, eve.user_id(), false).await;
            assert_eq!((taken.is_ok(), waiting(&world, &eve).await.is_empty()), (may, may));
        }
        refused(chat.remove_member(&ann, room, eve.user_id(), false).await, ErrorCode::UserNotFound);
        invite(&world, &bob, room, &eve).await;
        chat.remove_member(&ann, room, eve.user_id(), true).await.unwrap();
        assert!(waiting(&world, &eve).await.is_empty());
        refused(chat.put_member(&bob, room, eve.user_id(), PutMember::default()).await, ErrorCode::Banned);
    }

    async fn a_refusal_holds_for_a_week(world: World) {
        let (ann, bob) = (world.guest("ann").await, world.guest("bob").await);
        let room = world.group(&ann, &[&bob]).await;
        let chat = &world.chat;
        chat.refuse_invitation(&bob, room).await.unwrap();
        refused(chat.refuse_invitation(&bob, room).await, ErrorCode::RoomNotFound);
        refused(chat.accept_invitation(&bob, room).await, ErrorCode::RoomNotFound);
        world.clock.advance(7 * DAY - Duration::from_secs(1));
        let again = async || chat.put_member(&ann, room, bob.user_id(), PutMember::default()).await;
        refused(again().await, ErrorCode::Conflict);
        world.clock.advance(Duration::from_secs(1));
        assert!(matches!(again().await.unwrap(), Placed::Invited(_)));
        assert_eq!(waiting(&world, &bob).await, [room]);
        // Unanswered, it is gone after a month.
        world.clock.advance(30 * DAY);
        assert_eq!(chat.sweep_invitations().await.unwrap(), 0);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(chat.sweep_invitations().await.unwrap(), 1);
        assert!(waiting(&world, &bob).await.is_empty());
    }

    /// Who asked to come in wants to: a moderator who adds them answers that; another member asks as always.
    async fn who_asks_to_come_in_is_let_in_by_a_moderator(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let eve = world.guest("eve").await;
        let room = world.public_group(&ann, &[&bob]).await;
        let request = join_request::Model {
            room_id: room.uuid(),
            user_id: eve.user_id().uuid(),
            word: String::new(),
            code: String::new(),
            note: String::new(),
            plugin_id: "org.example.gate".to_owned(),
            asked_at_ms: world.clock.now().millis(),
        };
        teahouse_store::join_requests::put(world.db.writer(), request).await.unwrap();
        invite(&world, &bob, room, &eve).await;
        let placed = world.chat.put_member(&ann, room, eve.user_id(), PutMember::default()).await.unwrap();
        assert!(matches!(placed, Placed::Member(_)));
        assert!(waiting(&world, &eve).await.is_empty());
    }

    async fn a_room_that_is_gone_invites_nobody(world: World) {
        let (ann, bob) = (world.guest("ann").await, world.guest("bob").await);
        let room = world.group(&ann, &[&bob]).await;
        world.chat.delete_room(&ann, room).await.unwrap();
        assert!(waiting(&world, &bob).await.is_empty());
        refused(world.chat.accept_invitation(&bob, room).await, ErrorCode::RoomNotFound);
    }

    async fn two_invitations_at_once_are_one(world: World) {
        let world = Arc::new(world);
        let [ann, cid] = world.people(["ann", "cid"]).await;
        for round in 0..10 {
            let bob = world.guest(&format!("bob {round}")).await;
            let room = world.group(&ann, &[&cid]).await;
            let inviting = [&ann, &cid].map(|who| {
                let (world, who, user) = (Arc::clone(&world), who.clone(), bob.user_id());
                tokio::spawn(async move { world.chat.put_member(&who, room, user, PutMember::default()).await })
            });
            for one in inviting {
                assert!(matches!(one.await.unwrap().unwrap(), Placed::Invited(_)));
            }
            assert_eq!(waiting(&world, &bob).await, [room]);
            // Accepted on two devices at once, it makes one member by one event.
            let before = world.chat.room(&ann, room).await.unwrap().last_seq;
            let accepting = [(); 2].map(|()| {
                let (world, bob) = (Arc::clone(&world), bob.clone());
                tokio::spawn(async move { world.chat.accept_invitation(&bob, room).await })
            });
            for one in accepting {
                one.await.unwrap().unwrap();
            }
            assert_eq!(world.chat.room(&ann, room).await.unwrap().last_seq, before.next());
        }
    }

    /// Whichever comes first: in the end they are out.
    async fn who_is_banned_while_accepting_is_out(world: World) {
        let world = Arc::new(world);
        let (ann, bob) = (world.guest("ann").await, world.guest("bob").await);
        let room = world.group(&ann, &[]).await;
        for round in 0..20 {
            invite(&world, &ann, room, &bob).await;
            let accepting = {
                let (world, bob) = (Arc::clone(&world), bob.clone());
                tokio::spawn(async move { world.chat.accept_invitation(&bob, room).await.map(drop) })
            };
            for _ in 0..round % 4 {
                tokio::task::yield_now().await;
            }
            world.chat.remove_member(&ann, room, bob.user_id(), true).await.unwrap();
            if let Err(error) = accepting.await.unwrap() {
                let codes = [ErrorCode::Banned, ErrorCode::RoomNotFound, ErrorCode::UserNotFound];
                assert!(codes.contains(&error.code()), "{error:?}");
            }
            assert_eq!(members(&world, &ann, room).await, 1, "round {round}");
            assert!(waiting(&world, &bob).await.is_empty());
            world.chat.unban(&ann, room, bob.user_id()).await.unwrap();
        }
    }

    async fn a_room_that_ends_while_it_is_accepted_has_nobody(world: World) {
        let world = Arc::new(world);
        let (ann, bob) = (world.guest("ann").await, world.guest("bob").await);
        for round in 0..20 {
            let room = world.group(&ann, &[&bob]).await;
            let accepting = {
                let (world, bob) = (Arc::clone(&world), bob.clone());
                tokio::spawn(async move { world.chat.accept_invitation(&bob, room).await.map(drop) })
            };
            for _ in 0..round % 4 {
                tokio::task::yield_now().await;
            }
            world.chat.delete_room(&ann, room).await.unwrap();
            if let Err(error) = accepting.await.unwrap() {
                assert_eq!(error.code(), ErrorCode::RoomNotFound, "{error:?}");
            }
            refused(world.chat.room(&bob, room).await, ErrorCode::RoomNotFound);
            assert!(waiting(&world, &bob).await.is_empty());
        }
    }

    async fn rooms_conversations_and_invitations_have_quotas(world: World) {
        let world = world
            .restarted(|settings| {
                settings.limits.making = MakingLimits {
                    rooms_per_day: 3,
                    directs_per_day: 1,
                    invitations_per_day: 4,
                    invitations_waiting: 2,
                };
            })
            .await;
        let [clerk, buyer] = world.people(["clerk", "buyer"]).await;
        let (ann, bob, cid) = (world.guest("ann").await, world.guest("bob").await, world.guest("cid").await);
        let chat = &world.chat;
        let room = world.group(&ann, &[&bob]).await;
        invite(&world, &ann, room, &cid).await;
        // Two wait: a third has to. Who is asked already costs nothing.
        invite(&world, &ann, room, &cid).await;
        let third = chat.put_member(&ann, room, buyer.user_id(), PutMember::default()).await;
        assert!(third.as_ref().is_err_and(|error| error.retry_after().is_some()), "{third:?}");
        refused(third, ErrorCode::QuotaReached);
        chat.accept_invitation(&bob, room).await.unwrap();
        invite(&world, &ann, room, &buyer).await;
        // A room counts also where nobody is invited into it.
        for _ in 0..2 {
            world.group(&ann, &[]).await;
        }
        let new = |members| teahouse_chat::CreateRoom {
            name: teahouse_protocol::RoomName::new("one more").unwrap(),
            kind: RoomKind::Group,
            visibility: Visibility::Private,
            members,
        };
        refused(chat.create_room(&ann, new(Vec::new())).await, ErrorCode::QuotaReached);
        chat.open_direct(&ann, bob.user_id()).await.unwrap();
        chat.open_direct(&ann, bob.user_id()).await.unwrap();
        refused(chat.open_direct(&ann, cid.user_id()).await, ErrorCode::QuotaReached);
        // Among users of one business conversations are the business's own affair.
        for name in ["one", "two", "three"] {
            let user = world.person(name).await.user_id();
            chat.open_direct(&clerk, user).await.unwrap();
        }
    }
}
