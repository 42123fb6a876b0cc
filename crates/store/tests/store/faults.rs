//! A database that is gone: everybody is answered, and what was answered well is kept.

use std::time::Duration;

use teahouse_store::Error;
use teahouse_store::writer::{Append, batch_writer};

use crate::world::{World, create, message, on_both};

on_both! {
    async fn every_entry_is_answered_unavailable_when_the_database_is_gone(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        world.db.close().await;
        let batch = (0..50).map(|count| message(room, ann, Some(&count.to_string()), "tea")).collect();
        let outcomes = tokio::time::timeout(Duration::from_secs(30), world.write(batch)).await.unwrap();
        assert_eq!(outcomes.len(), 50);
        for outcome in outcomes {
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
        }
    }

    /// It goes while a batch is under way: whatever was answered as written is there afterwards, once.
    async fn what_was_answered_as_written_is_kept_when_the_database_goes(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let (queue, writer, mut finished) = batch_writer();
        let node = world.another_node().await;
        let writing = tokio::spawn(writer.run(node.clone()));
        let mut answered = 0;
        let mut written = Vec::new();
        for ticket in 0..400_usize {
            let entry = message(room, ann, Some(&format!("c-{ticket}")), &ticket.to_string());
            queue.try_append(Append { entry, ticket }).unwrap();
            if ticket % 20 == 19 {
                let batch = finished.recv().await.unwrap();
                answered += batch.len();
                written.extend(batch.into_iter().filter(|one| one.outcome.is_ok()).map(|one| one.ticket));
            }
            if ticket == 300 {
                let node = node.clone();
                tokio::spawn(async move { node.close().await });
            }
        }
        drop(queue);
        while let Some(batch) = finished.recv().await {
            answered += batch.len();
            for one in batch {
                match one.outcome {
                    Ok(_) => written.push(one.ticket),
                    Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error:?}"),
                }
            }
        }
        writing.await.unwrap();
        assert_eq!(answered, 400);
        let kept = world.texts(room).await;
        for ticket in written {
            assert_eq!(kept.iter().filter(|text| **text == ticket.to_string()).count(), 1);
        }
    }

    /// Each conflict costs its own statements: a long batch of nothing else still ends.
    async fn a_batch_of_nothing_but_conflicts_is_answered(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let batch: Vec<_> = (0..40)
            .flat_map(|count| {
                let key = Some(format!("direct:{}", count % 3));
                [
                    create(teahouse_protocol::RoomId::generate(), ann, key),
                    message(room, ann, Some(&(count % 5).to_string()), "tea"),
                ]
            })
            .collect();
        let outcomes = world.write(batch).await;
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Conflict(_)))).count();
        assert_eq!(refused, 40 - 3);
        assert_eq!(world.texts(room).await.len(), 5);
    }
}
