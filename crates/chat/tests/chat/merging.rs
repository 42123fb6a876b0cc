//! Two users turned out to be one person: a durable job moves what the one had to the other.

use std::time::Duration;

use serde_json::json;
use teahouse_accounts::{Session, USERS_MERGED};
use teahouse_chat::PutMember;
use teahouse_protocol::{Clock, Role};
use teahouse_store::entity::outbox;
use uuid::Uuid;

use crate::world::{World, first_page, on_both, seq};

/// As `accounts` leaves it when a unionid says so.
async fn merge(world: &World, from: &Session, into: &Session) {
    let now = world.clock.now().millis();
    let row = outbox::Model {
        id: Uuid::now_v7(),
        kind: USERS_MERGED.to_owned(),
        payload: json!({ "from": from.user_id(), "into": into.user_id() }).to_string(),
        created_at_ms: now,
        due_at_ms: now,
        attempts: 0,
        lease_until_ms: None,
        dead_at_ms: None,
        last_error: None,
        lease_node: None,
    };
    teahouse_store::outbox::insert(world.db.writer(), vec![row]).await.unwrap();
}

/// Each of these is owned by the one who goes. In the second the one who stays was a simple member.
async fn rooms_of(world: &World, who: &Session) -> Vec<(Role, i64)> {
    let page = world.chat.rooms(who, first_page()).await.unwrap();
    let rooms = page.items.into_iter().filter(|summary| summary.room.id != world.chat.lobby());
    rooms.map(|summary| (summary.room.role.unwrap(), summary.read_seq.get())).collect()
}

on_both! {
    async fn the_one_who_stays_has_the_rooms_the_roles_and_the_cursors(world: World) {
        let [from, into, cid] = world.people(["from", "into", "cid"]).await;
        let alone = world.group(&from, &[&cid]).await;
        let both = world.group(&from, &[&into, &cid]).await;
        let theirs = world.group(&cid, &[&from]).await;
        world.make_admin(&cid, theirs, from.user_id()).await;
        let (direct, _) = world.chat.open_direct(&from, cid.user_id()).await.unwrap();
        world.chat.read(&from, alone, seq(2)).await.unwrap();
        let mut watcher = world.socket(&cid);
        watcher.listen_to_all().await;
        let guest = world.guest("guest").await;
        let asked_by_guest = world.group(&guest, &[&from]).await;
        merge(&world, &from, &into).await;
        // The last that happens is that `from` has left the direct room, which is the youngest.
        tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let event = watcher.until("member").await;
                if event["room"] == json!(direct.id) && event["change"] == "left" {
                    break;
                }
            }
        })
        .await
        .unwrap();
        let expected = [(Role::Owner, 2), (Role::Owner, 0), (Role::Admin, 0), (Role::Member, 0)];
        assert_eq!(rooms_of(&world, &into).await, expected);
        assert!(rooms_of(&world, &from).await.is_empty());
        world.chat.accept_invitation(&into, asked_by_guest).await.unwrap();
        let (again, made) = world.chat.open_direct(&cid, into.user_id()).await.unwrap();
        assert_eq!((again.id, made), (direct.id, false));
        world.chat.put_member(&into, both, cid.user_id(), PutMember::default()).await.unwrap();
    }
}
