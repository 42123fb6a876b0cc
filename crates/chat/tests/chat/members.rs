//! Who is in a room, as what: invitations, roles, mutes, bans, the lobby, and rooms of two.

use std::time::Duration;

use serde_json::json;
use teahouse_accounts::Session;
use teahouse_chat::{Error, Placed, PutMember};
use teahouse_protocol::{ErrorCode, Role, RoomId, RoomKind, UserId, Visibility};

use crate::world::{World, draft, first_page, on_both};

async fn role_of(world: &World, asking: &Session, room: RoomId, who: &Session) -> Option<Role> {
    let page = world.chat.members(asking, room, first_page()).await.unwrap();
    page.items.into_iter().find(|member| member.user.id == who.user_id()).map(|member| member.role)
}

fn role(role: Role) -> PutMember {
    PutMember { role: Some(role), muted_until: None }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: ErrorCode) {
    assert_eq!(result.expect_err("a refusal").code(), code);
}

on_both! {
    async fn the_mute_ends_by_the_clock(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let mut socket = world.joined(&bob, room).await;
        let frame = json!({ "type": "msg", "room": room, "content": "la la la" });
        socket.ask(frame.clone()).await;
        world.mute(&ann, room, bob.user_id(), Duration::from_secs(60)).await;
        assert_eq!(socket.sees("member").await["change"], "muted");
        assert_eq!(socket.refusal(frame.clone()).await, ErrorCode::Muted);
        refused(world.chat.send(&bob, room, draft(None, "la")).await, ErrorCode::Muted);
        world.clock.advance(Duration::from_secs(59));
        assert_eq!(socket.refusal(frame.clone()).await, ErrorCode::Muted);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(socket.ask(frame.clone()).await["type"], "ack");
        // And by who muted.
        world.mute(&ann, room, bob.user_id(), Duration::from_secs(60)).await;
        let unmute = PutMember { role: None, muted_until: Some(None) };
        world.chat.put_member(&ann, room, bob.user_id(), unmute).await.unwrap();
        socket.sees("member").await;
        assert_eq!(socket.sees("member").await["change"], "unmuted");
        assert_eq!(socket.ask(frame).await["type"], "ack");
    }

    async fn who_outranks_whom(world: World) {
        let [ann, bob, cid, dan] = world.people(["ann", "bob", "cid", "dan"]).await;
        let room = world.group(&ann, &[&bob, &cid, &dan]).await;
        world.make_admin(&ann, room, bob.user_id()).await;
        world.make_admin(&ann, room, cid.user_id()).await;
        let chat = &world.chat;
        let mute = PutMember { role: None, muted_until: Some(Some(world.clock.now_in(60))) };
        for target in [&ann, &cid, &bob] {
            refused(chat.put_member(&bob, room, target.user_id(), mute).await, ErrorCode::NotAllowed);
            refused(chat.remove_member(&bob, room, target.user_id(), false).await, ErrorCode::NotAllowed);
            refused(chat.remove_member(&bob, room, target.user_id(), true).await, ErrorCode::NotAllowed);
        }
        refused(chat.put_member(&bob, room, dan.user_id(), role(Role::Admin)).await, ErrorCode::NotAllowed);
        refused(chat.put_member(&bob, room, bob.user_id(), role(Role::Owner)).await, ErrorCode::NotAllowed);
        chat.put_member(&bob, room, dan.user_id(), mute).await.unwrap();
        chat.remove_member(&ann, room, bob.user_id(), false).await.unwrap();
        refused(chat.remove_member(&ann, room, bob.user_id(), false).await, ErrorCode::UserNotFound);
        assert_eq!(role_of(&world, &ann, room, &bob).await, None);
    }

    async fn a_room_keeps_an_owner(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let room = world.group(&ann, &[&bob]).await;
        let chat = &world.chat;
        refused(chat.leave(&ann, room).await, ErrorCode::Conflict);
        refused(chat.put_member(&ann, room, ann.user_id(), role(Role::Member)).await, ErrorCode::Conflict);
        chat.put_member(&ann, room, bob.user_id(), role(Role::Owner)).await.unwrap();
        chat.leave(&ann, room).await.unwrap();
        assert_eq!(role_of(&world, &bob, room, &bob).await, Some(Role::Owner));
        // The last to leave takes the room along.
        chat.leave(&bob, room).await.unwrap();
        refused(chat.room(&bob, room).await, ErrorCode::RoomNotFound);
    }

    async fn a_ban_keeps_out_until_it_is_lifted(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let room = world.public_group(&ann, &[&bob, &cid]).await;
        let chat = &world.chat;
        chat.remove_member(&ann, room, bob.user_id(), true).await.unwrap();
        refused(chat.join(&bob, room).await, ErrorCode::Banned);
        refused(chat.put_member(&cid, room, bob.user_id(), PutMember::default()).await, ErrorCode::Banned);
        refused(chat.send(&bob, room, draft(None, "let me in")).await, ErrorCode::NotAMember);
        refused(chat.bans(&cid, room, first_page()).await, ErrorCode::NotAllowed);
        let bans = chat.bans(&ann, room, first_page()).await.unwrap().items;
        assert_eq!(bans.len(), 1);
        assert_eq!((bans[0].user.id, bans[0].banned_by), (bob.user_id(), ann.user_id()));
        refused(chat.unban(&cid, room, bob.user_id()).await, ErrorCode::NotAllowed);
        chat.unban(&ann, room, bob.user_id()).await.unwrap();
        assert_eq!(chat.join(&bob, room).await.unwrap().role, Role::Member);
        // Who was never in can be banned ahead.
        let [dan] = world.people(["dan"]).await;
        chat.remove_member(&ann, room, dan.user_id(), true).await.unwrap();
        refused(chat.join(&dan, room).await, ErrorCode::Banned);
    }

    async fn any_member_invites_into_a_group_and_moderators_into_a_channel(world: World) {
        let [ann, bob, cid, dan] = world.people(["ann", "bob", "cid", "dan"]).await;
        let group = world.group(&ann, &[&bob]).await;
        let channel = world.room(&ann, RoomKind::Channel, Visibility::Private, &[&bob]).await;
        let chat = &world.chat;
        let invite = PutMember::default();
        // All are users of one business, which places them as it likes.
        let placed = chat.put_member(&bob, group, cid.user_id(), invite).await.unwrap();
        assert!(matches!(placed, Placed::Member(member) if member.role == Role::Member));
        refused(chat.put_member(&bob, channel, cid.user_id(), invite).await, ErrorCode::NotAllowed);
        world.make_admin(&ann, channel, bob.user_id()).await;
        chat.put_member(&bob, channel, cid.user_id(), invite).await.unwrap();
        // As an admin: the owner alone.
        refused(chat.put_member(&bob, channel, dan.user_id(), role(Role::Admin)).await, ErrorCode::NotAllowed);
        chat.put_member(&ann, channel, dan.user_id(), role(Role::Admin)).await.unwrap();
        let nobody = UserId::generate();
        refused(chat.put_member(&ann, group, nobody, invite).await, ErrorCode::UserNotFound);
        refused(chat.put_member(&dan, group, dan.user_id(), invite).await, ErrorCode::RoomNotFound);
        // Again is the same as once, and takes no number.
        let before = chat.room(&ann, group).await.unwrap().last_seq;
        chat.put_member(&bob, group, cid.user_id(), invite).await.unwrap();
        assert_eq!(chat.room(&ann, group).await.unwrap().last_seq, before);
    }

    async fn everyone_is_in_the_lobby_and_stays(world: World) {
        let [ann, bob] = world.people(["ann", "bob"]).await;
        let lobby = world.chat.lobby();
        let chat = &world.chat;
        assert_eq!(chat.room(&ann, lobby).await.unwrap().role, Some(Role::Member));
        refused(chat.leave(&ann, lobby).await, ErrorCode::Conflict);
        refused(chat.delete_room(&ann, lobby).await, ErrorCode::Conflict);
        refused(chat.remove_member(&ann, lobby, bob.user_id(), false).await, ErrorCode::NotAllowed);
        world.say(&bob, lobby, "hello").await;
        assert_eq!(chat.rooms(&bob, first_page()).await.unwrap().items.len(), 1);
        let public = chat.public_rooms(&bob, first_page()).await.unwrap();
        assert_eq!(public.items.iter().map(|room| room.id).collect::<Vec<_>>(), [lobby]);
    }

    /// Neither is anybody put into the lobby who is not there at all.
    async fn nobody_is_what_nobody_is_in_the_lobby_too(world: World) {
        let [ann] = world.people(["ann"]).await;
        let (lobby, nobody) = (world.chat.lobby(), UserId::generate());
        let chat = &world.chat;
        refused(chat.remove_member(&ann, lobby, nobody, true).await, ErrorCode::NotAllowed);
        refused(chat.remove_member(&ann, lobby, nobody, false).await, ErrorCode::NotAllowed);
        refused(chat.put_member(&ann, lobby, nobody, role(Role::Member)).await, ErrorCode::UserNotFound);
        refused(chat.unban(&ann, lobby, nobody).await, ErrorCode::NotAllowed);
    }

    async fn two_have_one_direct_room_whoever_opens_it(world: World) {
        let [ann, bob, cid] = world.people(["ann", "bob", "cid"]).await;
        let chat = &world.chat;
        let (room, made) = chat.open_direct(&ann, bob.user_id()).await.unwrap();
        assert!(made);
        assert_eq!((room.name.as_str(), room.peer.unwrap().id), ("bob", bob.user_id()));
        let (again, made) = chat.open_direct(&bob, ann.user_id()).await.unwrap();
        assert!(!made);
        assert_eq!((again.id, again.name.as_str()), (room.id, "ann"));
        refused(chat.open_direct(&ann, ann.user_id()).await, ErrorCode::Conflict);
        refused(chat.open_direct(&ann, UserId::generate()).await, ErrorCode::UserNotFound);
        refused(chat.room(&cid, room.id).await, ErrorCode::RoomNotFound);
        refused(chat.leave(&ann, room.id).await, ErrorCode::Conflict);
        refused(chat.delete_room(&ann, room.id).await, ErrorCode::NotAllowed);
        refused(
            chat.put_member(&ann, room.id, cid.user_id(), PutMember::default()).await,
            ErrorCode::NotAllowed,
        );
        world.say(&ann, room.id, "psst").await;
    }

    async fn lists_are_paged_by_id(world: World) {
        let [ann] = world.people(["ann"]).await;
        let mut others = Vec::new();
        for count in 0..7 {
            others.push(world.person(&format!("p{count}")).await);
        }
        let room = world.group(&ann, &others.iter().collect::<Vec<_>>()).await;
        let mut seen = Vec::new();
        let mut page = teahouse_chat::PageRequest { after: None, limit: 3 };
        loop {
            let got = world.chat.members(&ann, room, page).await.unwrap();
            assert!(got.items.len() <= 3);
            seen.extend(got.items.into_iter().map(|member| member.user.id));
            match got.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        let mut expected: Vec<_> = others.iter().chain([&ann]).map(Session::user_id).collect();
        expected.sort();
        assert_eq!(seen, expected);
    }
}

/// Later by the test's clock.
trait NowIn {
    fn now_in(&self, seconds: u64) -> teahouse_protocol::Timestamp;
}

impl NowIn for teahouse_protocol::ManualClock {
    fn now_in(&self, seconds: u64) -> teahouse_protocol::Timestamp {
        teahouse_protocol::Clock::now(self) + Duration::from_secs(seconds)
    }
}
