//! A client id that comes again gives the first ack, wherever it comes again.

use teahouse_protocol::ReplacedBy;
use teahouse_store::writer::{Entry, FirstAck, NewMessage, Outcome};

use crate::world::{World, at, message, on_both};

/// The ack of an entry that was written under `seq`.
fn ack_of(entry: &Entry, seq: i64) -> FirstAck {
    let Entry::Message(message) = entry else { panic!("a message") };
    FirstAck { message: message.id, seq: teahouse_protocol::Seq::new(seq).unwrap(), at: at() }
}

/// As a filter changed it.
fn replaced(entry: Entry) -> Entry {
    let Entry::Message(message) = entry else { panic!("a message") };
    let replaced = ReplacedBy { by: "Guard".to_owned(), note: None };
    Entry::Message(NewMessage { replaced: Some(Box::new(replaced)), ..message })
}

on_both! {
    async fn in_the_same_batch(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let first = message(room, ann, Some("c-1"), "once");
        let ack = ack_of(&first, 2);
        let outcomes = world
            .write(vec![first, message(room, ann, Some("c-1"), "once"), message(room, ann, None, "more")])
            .await;
        assert_eq!(*outcomes[1].as_ref().unwrap(), Outcome::Repeated(ack));
        assert_eq!(world.texts(room).await, ["once", "more"]);
    }

    async fn in_a_later_batch_beside_new_messages(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let first = message(room, ann, Some("c-1"), "once");
        let ack = ack_of(&first, 2);
        world.write_one(first).await;
        let outcomes = world
            .write(vec![
                message(room, ann, Some("c-2"), "two"),
                message(room, ann, Some("c-1"), "once"),
                message(room, ann, Some("c-3"), "three"),
                message(room, ann, Some("c-3"), "three"),
            ])
            .await;
        assert_eq!(*outcomes[1].as_ref().unwrap(), Outcome::Repeated(ack));
        assert!(matches!(outcomes[3], Ok(Outcome::Repeated(_))));
        assert_eq!(world.texts(room).await, ["once", "two", "three"]);
    }

    /// What a filter made of a message is noted with it, and nothing of one that is not written.
    async fn a_repeat_leaves_no_note(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        world.write_one(replaced(message(room, ann, Some("c-1"), "kind"))).await;
        let outcomes = world
            .write(vec![
                message(room, ann, None, "as it was said"),
                replaced(message(room, ann, Some("c-1"), "kind")),
                replaced(message(room, ann, Some("c-2"), "kind again")),
            ])
            .await;
        assert!(matches!(outcomes[1], Ok(Outcome::Repeated(_))));
        let noted = "SELECT count(*) FROM replacements JOIN messages ON messages.id = message_id
            WHERE by_name = 'Guard' AND content LIKE 'kind%'";
        assert_eq!(world.count(noted).await, 2);
        assert_eq!(world.count("SELECT count(*) FROM replacements").await, 2);
    }

    /// The id is the sender's own, and the room's.
    async fn another_sender_or_room_may_use_the_same_id(world: World) {
        let [ann, bob] = [world.person().await, world.person().await];
        let (room, other) = (world.room(ann).await, world.room(ann).await);
        let outcomes = world
            .write(vec![
                message(room, ann, Some("c-1"), "ann's"),
                message(room, bob, Some("c-1"), "bob's"),
                message(other, ann, Some("c-1"), "ann's elsewhere"),
            ])
            .await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Outcome::Written(_)))));
        assert_eq!(world.texts(room).await, ["ann's", "bob's"]);
    }

    /// Also when the batch can only be written entry by entry.
    async fn beside_an_entry_that_the_database_refuses(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let first = message(room, ann, Some("c-1"), "once");
        let ack = ack_of(&first, 2);
        world.write_one(first).await;
        let outcomes = world
            .write(vec![
                message(room, ann, Some("c-1"), "once"),
                crate::world::add(room, ann, teahouse_protocol::UserId::generate(), teahouse_protocol::Role::Member),
                message(room, ann, Some("c-2"), "two"),
                message(room, ann, Some("c-2"), "two"),
            ])
            .await;
        assert_eq!(*outcomes[0].as_ref().unwrap(), Outcome::Repeated(ack));
        assert!(outcomes[1].is_err());
        assert!(matches!(outcomes[3], Ok(Outcome::Repeated(_))), "{:?}", outcomes[3]);
        assert_eq!(world.texts(room).await, ["once", "two"]);
    }

    /// A repeat of a recalled message is still a repeat.
    async fn after_the_first_was_recalled(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let first = message(room, ann, Some("c-1"), "once");
        let ack = ack_of(&first, 2);
        world.write_one(first).await;
        let recall = teahouse_store::writer::ChangeKind::Recall { message: ack.message };
        world.write_one(crate::world::change(room, ann, recall)).await;
        let again = world.write_one(message(room, ann, Some("c-1"), "once")).await;
        assert_eq!(again, Outcome::Repeated(ack));
        assert_eq!(world.texts(room).await, [""]);
    }

    /// Whoever sends something else under an id that was used is told so; before, it was lost in silence.
    async fn something_else_under_the_same_id_is_told_apart(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let first = message(room, ann, Some("c-1"), "once");
        let ack = ack_of(&first, 2);
        // In one batch, in a later one, from another node, and beside a repeat and new messages.
        let outcomes = world.write(vec![first, message(room, ann, Some("c-1"), "else")]).await;
        assert!(matches!(outcomes[1], Ok(Outcome::IdTaken)), "{:?}", outcomes[1]);
        assert_eq!(world.write_one(message(room, ann, Some("c-1"), "else")).await, Outcome::IdTaken);
        let other = world.another_node().await;
        let batch = vec![
            message(room, ann, Some("c-2"), "two"),
            message(room, ann, Some("c-1"), "else"),
            message(room, ann, Some("c-1"), "once"),
        ];
        let outcomes = crate::world::write_with(&other, batch).await;
        let outcome = |place: usize| outcomes.iter().find(|one| one.ticket == place).unwrap().outcome.clone();
        assert!(matches!(outcome(0), Ok(Outcome::Written(_))));
        assert!(matches!(outcome(1), Ok(Outcome::IdTaken)));
        assert_eq!(outcome(2).unwrap(), Outcome::Repeated(ack));
        assert_eq!(world.texts(room).await, ["once", "two"]);
    }

    /// A message that an older version wrote tells nothing of what was sent: its repeats are believed.
    async fn of_a_message_without_a_fingerprint_every_repeat_is_the_same(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let Entry::Message(said) = message(room, ann, Some("c-1"), "once") else { panic!("a message") };
        world.write_one(Entry::Message(NewMessage { fingerprint: None, ..said })).await;
        let again = world.write_one(message(room, ann, Some("c-1"), "else")).await;
        assert!(matches!(again, Outcome::Repeated(_)), "{again:?}");
    }

    /// As many repeats as a batch may hold, between as many new ones, one after the other.
    async fn a_batch_full_of_repeats_is_written_whole(world: World) {
        let [ann, bob] = [world.person().await, world.person().await];
        let room = world.room(ann).await;
        let batch = |sender, from: usize| -> Vec<Entry> {
            (from..from + 1_200).map(|id| message(room, sender, Some(&format!("c-{id}")), "tea")).collect()
        };
        world.write(batch(ann, 0)).await;
        let mut mixed = Vec::new();
        for (old, new) in batch(ann, 0).into_iter().zip(batch(bob, 0)) {
            mixed.extend([old, new]);
        }
        let outcomes = world.write(mixed).await;
        for (place, outcome) in outcomes.iter().enumerate() {
            match place % 2 {
                0 => assert!(matches!(outcome, Ok(Outcome::Repeated(_))), "{place}: {outcome:?}"),
                _ => assert!(matches!(outcome, Ok(Outcome::Written(_))), "{place}: {outcome:?}"),
            }
        }
        assert_eq!(world.log(room).await.len(), 1 + 2 * 1_200);
    }
}
