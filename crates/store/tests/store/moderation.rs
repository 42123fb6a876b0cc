//! What waits for moderators: each thing is decided once, also when two decide.

use teahouse_protocol::{ClientId, MessageId, RoomId, Seq, Timestamp, UserId};
use teahouse_store::entity::{held_message, join_request, review};
use teahouse_store::held::{self, HeldDecision, HeldState};
use teahouse_store::reviews::{self, ReviewState};
use teahouse_store::{PageSize, join_requests};
use uuid::Uuid;

use crate::world::{World, at, on_both};

const PAGE: PageSize = PageSize::capped(100);

fn later(ms: i64) -> Timestamp {
    Timestamp::from_millis(at().millis() + ms)
}

fn held(room: RoomId, sender: UserId, client_id: Option<&str>, state: HeldState) -> held_message::Model {
    held_message::Model {
        id: MessageId::generate().uuid(),
        state: state.number(),
        room_id: room.uuid(),
        sender_id: sender.uuid(),
        client_id: client_id.map(str::to_owned),
        kind: 0,
        content: "tea?".to_owned(),
        reply_to: None,
        mentions: None,
        hops: 0,
        sent_at_ms: at().millis(),
        after_seq: 1,
        edit_of: None,
        plugin_id: "org.example.guard".to_owned(),
        code: "spam".to_owned(),
        note: "a note".to_owned(),
        severity: 2,
        decided_by: None,
        decided_at_ms: None,
        reason: None,
        fingerprint: None,
    }
}

fn decision(state: HeldState, by: &str) -> HeldDecision {
    HeldDecision { state, by: by.to_owned(), at: later(10), reason: Some("looked at".to_owned()) }
}

on_both! {
    async fn a_message_held_twice_under_one_client_id_is_held_once(world: World) {
        let db = &world.db;
        let (room, ann) = (RoomId::generate(), UserId::generate());
        let first = held(room, ann, Some("c-1"), HeldState::Held);
        assert!(held::insert(db.writer(), first.clone()).await.unwrap());
        assert!(!held::insert(db.writer(), held(room, ann, Some("c-1"), HeldState::Held)).await.unwrap());
        assert!(held::insert(db.writer(), held(room, ann, None, HeldState::Held)).await.unwrap());
        assert!(held::insert(db.writer(), held(room, ann, None, HeldState::Held)).await.unwrap());
        let client_id = ClientId::new("c-1").unwrap();
        let found = held::find_by_client_id(db.conn(), &client_id, ann, room).await.unwrap();
        assert_eq!(found, Some(first));
        assert!(held::find_by_client_id(db.conn(), &client_id, ann, RoomId::generate()).await.unwrap().is_none());
    }

    async fn of_moderators_who_decide_at_once_one_does(world: World) {
        let nodes = [world.db.clone(), world.another_node().await];
        let row = held(RoomId::generate(), UserId::generate(), None, HeldState::Held);
        let id = MessageId::from_uuid(row.id);
        held::insert(world.db.writer(), row).await.unwrap();
        let deciding: Vec<_> = (0..10_usize)
            .map(|count| {
                let db = nodes[count % 2].clone();
                tokio::spawn(async move {
                    let state = if count < 5 { HeldState::Released } else { HeldState::Refused };
                    let decision = decision(state, &format!("moderator {count}"));
                    let done = held::decide(db.writer(), id, HeldState::WAITING, decision.clone()).await.unwrap();
                    done.then_some(decision)
                })
            })
            .collect();
        let mut decided = Vec::new();
        for one in deciding {
            decided.extend(one.await.unwrap());
        }
        assert_eq!(decided.len(), 1);
        let row = held::find(world.db.conn(), id).await.unwrap().unwrap();
        assert_eq!((HeldState::of(&row), row.decided_by), (decided[0].state, Some(decided[0].by.clone())));
        assert!(held::reopen(world.db.writer(), id, decided[0].state, HeldState::Held).await.unwrap());
        assert!(!held::reopen(world.db.writer(), id, decided[0].state, HeldState::Held).await.unwrap());
        let row = held::find(world.db.conn(), id).await.unwrap().unwrap();
        assert_eq!((HeldState::of(&row), row.decided_by, row.reason), (HeldState::Held, None, None));
    }

    async fn what_waits_is_listed_by_room_and_what_was_decided_is_forgotten(world: World) {
        let db = &world.db;
        let [lobby, other] = [RoomId::generate(), RoomId::generate()];
        let ann = UserId::generate();
        let rows = [
            held(lobby, ann, None, HeldState::Held),
            held(other, ann, None, HeldState::Shadowed),
            held(lobby, ann, None, HeldState::Shadowed),
        ];
        for row in &rows {
            held::insert(db.writer(), row.clone()).await.unwrap();
        }
        let page = async |room, states, after| held::page(db.conn(), room, states, after, PAGE).await.unwrap();
        assert_eq!(page(None, HeldState::WAITING, None).await, rows);
        assert_eq!(page(Some(lobby), HeldState::WAITING, None).await, [rows[0].clone(), rows[2].clone()]);
        assert_eq!(page(Some(lobby), HeldState::WAITING, Some(rows[0].id)).await, [rows[2].clone()]);
        assert_eq!(page(None, &[HeldState::Held], None).await, [rows[0].clone()]);
        let id = MessageId::from_uuid(rows[0].id);
        assert!(held::decide(db.writer(), id, &[HeldState::Held], decision(HeldState::Refused, "ann")).await.unwrap());
        assert_eq!(held::delete_decided_before(db.writer(), later(10)).await.unwrap(), 0);
        assert_eq!(held::delete_decided_before(db.writer(), later(11)).await.unwrap(), 1);
        assert_eq!(page(None, HeldState::WAITING, None).await.len(), 2);
    }

    async fn a_sender_finds_their_own_shadowed_messages_by_place(world: World) {
        let db = &world.db;
        let (room, ann) = (RoomId::generate(), UserId::generate());
        for (after_seq, state) in [(3, HeldState::Shadowed), (5, HeldState::Held), (7, HeldState::Shadowed)] {
            let row = held_message::Model { after_seq, ..held(room, ann, None, state) };
            held::insert(db.writer(), row).await.unwrap();
        }
        held::insert(db.writer(), held(room, UserId::generate(), None, HeldState::Shadowed)).await.unwrap();
        let seqs = async |from, to| {
            let (from, to) = (Seq::new(from).unwrap(), Seq::new(to).unwrap());
            let rows = held::shadowed_of(db.conn(), room, ann, from, to, PAGE).await.unwrap();
            rows.iter().map(|row| row.after_seq).collect::<Vec<_>>()
        };
        assert_eq!(seqs(1, 9).await, [3, 7]);
        assert_eq!(seqs(3, 3).await, [3]);
        assert!(seqs(4, 6).await.is_empty());
    }

    async fn edits_that_wait_are_found_by_their_message(world: World) {
        let db = &world.db;
        let (room, ann, message) = (RoomId::generate(), UserId::generate(), MessageId::generate());
        let edit = held_message::Model { edit_of: Some(message.uuid()), ..held(room, ann, None, HeldState::Held) };
        held::insert(db.writer(), edit.clone()).await.unwrap();
        held::insert(db.writer(), held(room, ann, None, HeldState::Held)).await.unwrap();
        assert_eq!(held::waiting_edits(db.conn(), room, message).await.unwrap(), [edit]);
    }

    async fn a_review_is_closed_once(world: World) {
        let db = &world.db;
        let room = RoomId::generate();
        let review = |room: Option<RoomId>| review::Model {
            id: Uuid::now_v7(),
            message_id: None,
            room_id: room.map(RoomId::uuid),
            subject: "message".to_owned(),
            user_id: UserId::generate().uuid(),
            plugin_id: "org.example.guard".to_owned(),
            code: "spam".to_owned(),
            note: String::new(),
            severity: 1,
            at_ms: at().millis(),
            closed_at_ms: None,
            closed_by: None,
        };
        let rows = vec![review(Some(room)), review(None)];
        reviews::insert(db.writer(), rows.clone()).await.unwrap();
        reviews::insert(db.writer(), rows.clone()).await.unwrap();
        reviews::insert(db.writer(), Vec::new()).await.unwrap();
        let page = async |room, state| reviews::page(db.conn(), room, state, None, PAGE).await.unwrap();
        assert_eq!(page(None, ReviewState::Open).await, rows);
        assert_eq!(page(Some(room), ReviewState::Open).await, [rows[0].clone()]);
        assert!(reviews::close(db.writer(), rows[0].id, "ann", later(1)).await.unwrap());
        assert!(!reviews::close(db.writer(), rows[0].id, "bob", later(2)).await.unwrap());
        let closed = reviews::find(db.conn(), rows[0].id).await.unwrap().unwrap();
        assert_eq!(closed.closed_by.as_deref(), Some("ann"));
        assert_eq!(page(None, ReviewState::Closed).await, [closed]);
        assert_eq!(reviews::delete_closed_before(db.writer(), later(2)).await.unwrap(), 1);
        assert_eq!(page(None, ReviewState::Open).await, [rows[1].clone()]);
    }

    async fn a_request_to_join_is_answered_once(world: World) {
        let db = &world.db;
        let [ann, bob] = [world.person().await, world.person().await];
        let room = world.room(ann).await;
        let request = |word: &str| join_request::Model {
            room_id: room.uuid(),
            user_id: bob.uuid(),
            word: word.to_owned(),
            code: "ask".to_owned(),
            note: String::new(),
            plugin_id: "org.example.guard".to_owned(),
            asked_at_ms: at().millis(),
        };
        assert!(join_requests::put(db.writer(), request("hello")).await.unwrap());
        assert!(!join_requests::put(db.writer(), request("please")).await.unwrap());
        let found = join_requests::find(db.conn(), room, bob).await.unwrap();
        assert_eq!(found, Some(request("please")));
        assert_eq!(join_requests::page(db.conn(), room, None, PAGE).await.unwrap(), [request("please")]);
        let mut taken = 0;
        for answering in [0; 6].map(|_| {
            let db = db.clone();
            tokio::spawn(async move { join_requests::take(db.writer(), room, bob).await.unwrap() })
        }) {
            taken += usize::from(answering.await.unwrap());
        }
        assert_eq!(taken, 1);
    }
}
