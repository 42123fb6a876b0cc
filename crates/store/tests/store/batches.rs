//! What gathers is one batch: numbers, outcomes, heads, and the outbox row.

use std::collections::{BTreeMap, HashMap};

use teahouse_protocol::{Role, RoomId};
use teahouse_store::writer::{
    Append, ChangeKind, Committed, Entry, NewMessage, Outcome, QueueError, batch_writer,
};
use teahouse_store::{Error, members};

use crate::world::{World, add, change, create, heard, message, on_both, seqs, write_with};

/// A queue that only grows would answer nobody in time.
#[test]
fn a_full_queue_refuses_one_more_and_a_gone_writer_says_so() {
    let (queue, writer, _finished) = batch_writer();
    let append = |ticket| Append {
        entry: message(RoomId::generate(), teahouse_protocol::UserId::generate(), None, "tea"),
        ticket,
    };
    let mut waiting = 0;
    while queue.try_append(append(waiting)).is_ok() {
        waiting += 1;
        assert_eq!(queue.waiting(), waiting);
        assert!(waiting <= 1 << 20, "the queue has an end");
    }
    assert_eq!(queue.try_append(append(0)), Err(QueueError::Full));
    drop(writer);
    assert_eq!(queue.try_append(append(0)), Err(QueueError::Closed));
}

on_both! {
    async fn numbers_are_dense_from_one_in_every_room_under_concurrent_senders(world: World) {
        let mut people = Vec::new();
        for _ in 0..8 {
            people.push(world.person().await);
        }
        let mut rooms = Vec::new();
        for person in &people[..4] {
            rooms.push(world.room(*person).await);
        }
        let (queue, writer, mut finished) = batch_writer();
        let writing = tokio::spawn(writer.run(world.db.clone()));
        let senders = people.iter().enumerate().map(|(who, person)| {
            let (queue, rooms, person) = (queue.clone(), rooms.clone(), *person);
            tokio::spawn(async move {
                for count in 0..60 {
                    let entry = message(rooms[(who + count) % rooms.len()], person, None, &format!("{who}-{count}"));
                    queue.try_append(Append { entry, ticket: (who, count) }).unwrap();
                    if count % 7 == who % 7 {
                        tokio::task::yield_now().await;
                    }
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        drop(queue);
        let mut answered: HashMap<(usize, usize), i64> = HashMap::new();
        let mut newest: HashMap<RoomId, i64> = rooms.iter().map(|room| (*room, 1)).collect();
        while let Some(batch) = finished.recv().await {
            for one in batch {
                let seq = seqs(one.outcome.as_ref().unwrap())[0];
                let newest = newest.get_mut(&one.entry.room()).unwrap();
                assert_eq!(seq, *newest + 1, "outcomes come in the order of their numbers");
                *newest = seq;
                assert!(answered.insert(one.ticket, seq).is_none(), "each is answered once");
            }
        }
        for sender in senders {
            sender.await.unwrap();
        }
        writing.await.unwrap();
        assert_eq!(answered.len(), 8 * 60);
        for room in rooms {
            assert_eq!(world.log(room).await.len(), 1 + 8 * 60 / 4);
        }
    }

    /// Listeners get events in the order in which outcomes come out.
    async fn outcomes_of_a_mixed_batch_come_in_the_order_of_their_numbers(world: World) {
        let [ann, bob, cid] = [world.person().await, world.person().await, world.person().await];
        let room = world.room(ann).await;
        let batch = vec![
            add(room, ann, bob, Role::Member),
            message(room, ann, None, "first"),
            add(room, ann, cid, Role::Member),
            message(room, bob, None, "second"),
        ];
        let answered = write_with(&world.db, batch).await;
        let numbers: Vec<i64> = answered.iter().flat_map(|one| seqs(one.outcome.as_ref().unwrap())).collect();
        assert_eq!(numbers, [2, 3, 4, 5]);
        assert_eq!(world.log(room).await.len(), 5);
        // Also where each entry is written alone, because one of them can't be.
        let nobody = teahouse_protocol::UserId::generate();
        let batch = vec![
            change(room, ann, ChangeKind::Unban { user: bob }),
            add(room, ann, nobody, Role::Member),
            message(room, ann, None, "third"),
            change(room, ann, ChangeKind::RemoveMember { user: cid, removal: teahouse_store::writer::Removal::Left }),
            message(room, bob, None, "fourth"),
        ];
        let answered = write_with(&world.db, batch).await;
        let numbers = answered.iter().filter_map(|one| one.outcome.as_ref().ok()).flat_map(seqs);
        assert_eq!(numbers.collect::<Vec<_>>(), [6, 7, 8]);
        assert_eq!(world.log(room).await.len(), 8);
    }

    async fn heads_are_right_after_every_batch(world: World) {
        let ann = world.person().await;
        let rooms = [world.room(ann).await, world.room(ann).await, world.room(ann).await];
        for round in 1..=5_usize {
            let mut batch = Vec::new();
            for (place, room) in rooms.iter().enumerate() {
                // Each room grows at its own pace, and the first not at all.
                batch.extend((0..round * place).map(|_| message(*room, ann, None, "tea")));
            }
            world.write(batch).await;
            let grown = round * (round + 1) / 2;
            for (place, room) in rooms.iter().enumerate() {
                assert_eq!(world.log(*room).await.len(), 1 + place * grown);
            }
        }
    }

    async fn a_room_that_is_missing_or_deleted_fails_nobody_else(world: World) {
        let ann = world.person().await;
        let (room, gone) = (world.room(ann).await, world.room(ann).await);
        world.write_one(change(gone, ann, ChangeKind::DeleteRoom)).await;
        let outcomes = world
            .write(vec![
                message(RoomId::generate(), ann, Some("c-1"), "to nowhere"),
                message(room, ann, Some("c-2"), "one"),
                message(gone, ann, Some("c-3"), "too late"),
                change(gone, ann, ChangeKind::AddMember { user: ann, role: Role::Member }),
                message(room, ann, Some("c-4"), "two"),
            ])
            .await;
        let outcomes: Vec<Outcome> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!([&outcomes[0], &outcomes[2], &outcomes[3]], [&Outcome::NoRoom; 3]);
        assert_eq!((seqs(&outcomes[1]), seqs(&outcomes[4])), (vec![2], vec![3]));
        assert_eq!(world.texts(room).await, ["one", "two"]);
    }

    /// A foreign key refuses one entry; the rest of its batch must not suffer.
    async fn an_entry_that_the_database_refuses_fails_alone(world: World) {
        let [ann, bob] = [world.person().await, world.person().await];
        let room = world.room(ann).await;
        let nobody = teahouse_protocol::UserId::generate();
        let outcomes = world
            .write(vec![
                message(room, ann, Some("c-1"), "one"),
                add(room, ann, nobody, Role::Member),
                add(room, ann, bob, Role::Member),
                message(room, ann, Some("c-2"), "two"),
            ])
            .await;
        assert!(matches!(outcomes[1], Err(Error::Database(_))), "{:?}", outcomes[1]);
        let seqs: Vec<Vec<i64>> =
            [0, 2, 3].iter().map(|place: &usize| seqs(outcomes[*place].as_ref().unwrap())).collect();
        assert_eq!(seqs.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!(world.texts(room).await, ["one", "two"]);
        assert!(members::find(world.db.conn(), room, bob).await.unwrap().is_some());
    }

    /// A second room with one key is refused, and only it.
    async fn a_key_that_is_taken_fails_alone(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let rooms = [RoomId::generate(), RoomId::generate()];
        let outcomes = world
            .write(vec![
                create(rooms[0], ann, Some("direct:a:b".to_owned())),
                message(room, ann, None, "meanwhile"),
                create(rooms[1], ann, Some("direct:a:b".to_owned())),
            ])
            .await;
        assert_eq!(seqs(outcomes[0].as_ref().unwrap()), [1]);
        assert_eq!(seqs(outcomes[1].as_ref().unwrap()), [2]);
        assert!(matches!(outcomes[2], Err(Error::Conflict(_))), "{:?}", outcomes[2]);
        assert_eq!(world.log(rooms[0]).await.len(), 1);
        assert!(world.log(rooms[1]).await.is_empty());
    }

    /// What no bot hears of and what mentions nobody costs no job.
    async fn a_batch_leaves_an_outbox_row_only_where_something_follows_from_it(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        assert_eq!(world.committed().await, []);
        world.write((0..5).map(|_| message(room, ann, None, "tea")).collect()).await;
        world.write(vec![change(room, ann, ChangeKind::Unban { user: ann })]).await;
        assert_eq!(world.committed().await, []);
        // Nothing came into any log: nothing follows from it, whoever would have heard of it.
        world.write(vec![heard(message(RoomId::generate(), ann, None, "to nowhere"))]).await;
        world.write(vec![heard(change(room, ann, ChangeKind::Unban { user: ann }))]).await;
        assert_eq!(world.committed().await, []);
        let Entry::Message(message) = message(room, ann, None, "@bob") else { unreachable!() };
        world.write(vec![Entry::Message(NewMessage { mentions: vec![ann], ..message })]).await;
        let [batch] = &world.committed().await[..] else { panic!("one row") };
        assert_eq!((&batch.ranges[..], &batch.mentioning[..]), (&[][..], &[(room.uuid(), 7)][..]));
    }

    /// A job that runs beside the one before it finds out which that was, whatever nobody heard of in between.
    async fn a_batch_names_what_is_heard_and_what_was_heard_before(world: World) {
        let ann = world.person().await;
        let (room, other) = (world.room(ann).await, world.room(ann).await);
        let tea = |room| message(room, ann, None, "tea");
        let first = vec![tea(room), heard(tea(room)), tea(other), heard(tea(room)), tea(room)];
        let second = vec![tea(room), heard(tea(other)), heard(tea(room))];
        world.write_in_turn(vec![first, vec![tea(room)], second]).await;
        let batches = world.committed().await;
        let [first, second] = &batches[..] else { panic!("{batches:?}") };
        assert_eq!(first.ranges, [(room.uuid(), 3, 4)]);
        assert_eq!(first.previous(room, 3), 0);
        let in_order = BTreeMap::from([(room.uuid(), (room.uuid(), 8, 8)), (other.uuid(), (other.uuid(), 3, 3))]);
        assert_eq!(second.ranges, in_order.into_values().collect::<Vec<_>>());
        assert_eq!((second.previous(room, 8), second.previous(other, 3)), (4, 0));
        // A row of the version before names everything.
        let old = Committed { previous: Vec::new(), ..second.clone() };
        assert_eq!(old.previous(room, 8), 7);
    }

    async fn the_writer_ends_when_its_queue_is_gone_and_everything_is_answered(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let (queue, writer, mut finished) = batch_writer();
        let writing = tokio::spawn(writer.run(world.db.clone()));
        for ticket in 0..100 {
            queue.try_append(Append { entry: message(room, ann, None, "tea"), ticket }).unwrap();
        }
        drop(queue);
        let mut tickets = Vec::new();
        while let Some(batch) = finished.recv().await {
            tickets.extend(batch.into_iter().map(|one| one.ticket));
        }
        writing.await.unwrap();
        assert_eq!(tickets, (0..100).collect::<Vec<_>>());
        assert_eq!(world.log(room).await.len(), 101);
    }
}
