//! Two who change one room's members at once: many rounds of each, because one says little.

use std::sync::Arc;
use std::time::Duration;

use teahouse_chat::PutMember;
use teahouse_protocol::{Clock, ErrorCode, Role};

use crate::world::{World, first_page, on_both};

on_both! {
    async fn both_of_a_pair_open_their_room_at_once(world: World) {
        let world = Arc::new(world);
        let [ann] = world.people(["ann"]).await;
        for round in 0..20 {
            let bob = world.person(&format!("bob {round}")).await;
            let pairs = [(ann.clone(), bob.user_id()), (bob.clone(), ann.user_id()), (ann.clone(), bob.user_id())];
            let opening = pairs.map(|(who, other)| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.chat.open_direct(&who, other).await })
            });
            let mut rooms = Vec::new();
            for one in opening {
                rooms.push(one.await.unwrap().unwrap());
            }
            assert!(rooms.iter().all(|(room, _)| room.id == rooms[0].0.id));
            assert_eq!(rooms.iter().filter(|(_, made)| *made).count(), 1, "one of them made it");
        }
    }

    /// Each asks while the other still owns it too.
    async fn two_owners_who_go_at_once_leave_an_owner(world: World) {
        let world = Arc::new(world);
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let own = PutMember { role: Some(Role::Owner), muted_until: None };
        let step_down = PutMember { role: Some(Role::Member), muted_until: None };
        for round in 0..20 {
            let room = world.group(&ann, &[&bob, &cid]).await;
            world.chat.put_member(&ann, room, bob.user_id(), own).await.unwrap();
            let going = [ann.clone(), bob.clone()].map(|who| {
                let world = Arc::clone(&world);
                tokio::spawn(async move {
                    match round % 2 {
                        0 => world.chat.leave(&who, room).await,
                        _ => world.chat.put_member(&who, room, who.user_id(), step_down).await.map(drop),
                    }
                })
            });
            let mut went = 0;
            for one in going {
                match one.await.unwrap() {
                    Ok(()) => went += 1,
                    Err(error) => assert_eq!(error.code(), ErrorCode::Conflict, "{error:?}"),
                }
            }
            assert_eq!(went, 1, "round {round}");
            let members = world.chat.members(&cid, room, first_page()).await.unwrap().items;
            assert_eq!(members.iter().filter(|member| member.role == Role::Owner).count(), 1);
        }
    }

    /// One moderator mutes while another demotes: neither undoes the other.
    async fn two_who_change_one_member_at_once_both_do(world: World) {
        let world = Arc::new(world);
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.group(&ann, &[&bob, &cid]).await;
        let own = PutMember { role: Some(Role::Owner), muted_until: None };
        world.chat.put_member(&ann, room, bob.user_id(), own).await.unwrap();
        let until = world.clock.now() + Duration::from_secs(600);
        for round in 0..20 {
            let reset = PutMember { role: Some(Role::Admin), muted_until: Some(None) };
            world.chat.put_member(&ann, room, cid.user_id(), reset).await.unwrap();
            let demote = PutMember { role: Some(Role::Member), muted_until: None };
            let mute = PutMember { role: None, muted_until: Some(Some(until)) };
            let changing = [(ann.clone(), demote), (bob.clone(), mute)].map(|(who, put)| {
                let (world, target) = (Arc::clone(&world), cid.user_id());
                tokio::spawn(async move { world.chat.put_member(&who, room, target, put).await })
            });
            for one in changing {
                one.await.unwrap().unwrap();
            }
            let members = world.chat.members(&ann, room, first_page()).await.unwrap().items;
            let cid = members.iter().find(|member| member.user.id == cid.user_id()).unwrap();
            assert_eq!((cid.role, cid.muted_until), (Role::Member, Some(until)), "round {round}");
        }
    }

    async fn who_is_banned_while_joining_is_out(world: World) {
        let world = Arc::new(world);
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.public_group(&ann, &[]).await;
        for round in 0..20 {
            let joining = {
                let (world, bob) = (Arc::clone(&world), bob.clone());
                tokio::spawn(async move { world.chat.join(&bob, room).await.map(drop) })
            };
            for _ in 0..round % 4 {
                tokio::task::yield_now().await;
            }
            world.chat.remove_member(&ann, room, bob.user_id(), true).await.unwrap();
            if let Err(error) = joining.await.unwrap() {
                assert!(matches!(error.code(), ErrorCode::Banned | ErrorCode::UserNotFound), "{error:?}");
            }
            let members = world.chat.members(&ann, room, first_page()).await.unwrap().items;
            assert_eq!(members.len(), 1, "round {round}");
            world.chat.unban(&ann, room, bob.user_id()).await.unwrap();
        }
    }
}
