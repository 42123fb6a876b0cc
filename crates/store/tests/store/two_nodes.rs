//! Two writers on one database, as two nodes have: each has its own queue and connections.

use std::collections::HashMap;
use std::time::Duration;

use teahouse_protocol::RoomId;
use teahouse_store::Db;
use teahouse_store::writer::{Append, Entry, FirstAck, Outcome, batch_writer};

use crate::world::{World, create, message, on_both};

/// Feeds `entries` to a writer of its own in portions, and returns every outcome by its place.
async fn node(db: Db, entries: Vec<Entry>, portion: usize) -> Vec<Result<Outcome, teahouse_store::Error>> {
    let (queue, writer, mut finished) = batch_writer();
    let writing = tokio::spawn(writer.run(db));
    let count = entries.len();
    let feeding = tokio::spawn(async move {
        for (ticket, entry) in entries.into_iter().enumerate() {
            queue.try_append(Append { entry, ticket }).unwrap();
            if ticket % portion == portion - 1 {
                tokio::task::yield_now().await;
            }
        }
    });
    let mut outcomes: Vec<Option<Result<Outcome, _>>> = (0..count).map(|_| None).collect();
    while let Some(batch) = finished.recv().await {
        for one in batch {
            assert!(outcomes[one.ticket].replace(one.outcome).is_none(), "each is answered once");
        }
    }
    feeding.await.unwrap();
    writing.await.unwrap();
    outcomes.into_iter().map(|outcome| outcome.expect("every entry is answered")).collect()
}

/// The ack that a sender would get.
fn ack(entry: &Entry, outcome: &Outcome) -> FirstAck {
    match (entry, outcome) {
        (Entry::Message(message), Outcome::Written(seq)) => {
            FirstAck { message: message.id, seq: *seq, at: message.at }
        }
        (_, Outcome::Repeated(first)) => *first,
        other => panic!("{other:?}"),
    }
}

on_both! {
    /// Every message comes to both nodes under one client id, as when a client that lost its ack comes back by
    /// another node: both answer alike, it is kept once, and numbers stay dense.
    async fn the_same_messages_at_both_are_kept_once_and_acknowledged_alike(world: World) {
        let mut people = Vec::new();
        let mut rooms = Vec::new();
        for _ in 0..4 {
            let person = world.person().await;
            rooms.push(world.room(person).await);
            people.push(person);
        }
        let entries = |reverse: bool| {
            let mut entries: Vec<Entry> = (0..240_usize)
                .map(|count| {
                    // Both nodes see the rooms in opposite order: locks taken in that order would wait for each other.
                    let place = if reverse { 3 - count % 4 } else { count % 4 };
                    message(rooms[place], people[count / 4 % 4], Some(&format!("c-{}", count / 4)), "tea")
                })
                .collect();
            if reverse {
                entries.rotate_left(60);
            }
            entries
        };
        let (ours, theirs) = (entries(false), entries(true));
        let first = tokio::spawn(node(world.db.clone(), ours.clone(), 7));
        let second = tokio::spawn(node(world.another_node().await, theirs.clone(), 11));
        let both = async { (first.await.unwrap(), second.await.unwrap()) };
        let (first, second) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("no deadlock");
        let mut acks: HashMap<(RoomId, String), FirstAck> = HashMap::new();
        for (entry, outcome) in ours.iter().zip(&first).chain(theirs.iter().zip(&second)) {
            let Entry::Message(message) = entry else { panic!("a message") };
            let key = (message.room, format!("{} {:?}", message.sender, message.client_id));
            let ack = ack(entry, outcome.as_ref().unwrap());
            assert_eq!(*acks.entry(key).or_insert(ack), ack);
        }
        for room in rooms {
            assert_eq!(world.log(room).await.len(), 1 + 60);
        }
    }

    /// Each pair's room is asked for at both nodes, in opposite order: each is made once.
    async fn the_same_direct_rooms_at_both_are_made_once(world: World) {
        let ann = world.person().await;
        for round in 0..10 {
            let entries = |reverse: bool| {
                let mut keys: Vec<usize> = (0..6).collect();
                if reverse {
                    keys.reverse();
                }
                keys.into_iter()
                    .map(|key| create(RoomId::generate(), ann, Some(format!("direct:{round}:{key}"))))
                    .collect::<Vec<_>>()
            };
            let first = tokio::spawn(node(world.db.clone(), entries(false), 6));
            let second = tokio::spawn(node(world.another_node().await, entries(true), 6));
            let both = async { [first.await.unwrap(), second.await.unwrap()].concat() };
            let outcomes = tokio::time::timeout(Duration::from_secs(60), both).await.expect("no deadlock");
            let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            let taken = outcomes
                .iter()
                .filter(|outcome| matches!(outcome, Err(teahouse_store::Error::Conflict(_))))
                .count();
            assert_eq!((made, taken), (6, 6), "{outcomes:?}");
        }
    }
}
