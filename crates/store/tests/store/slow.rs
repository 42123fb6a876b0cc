//! A transaction that takes too long: it is given up, its senders are answered, and the next may find it better.

use teahouse_store::writer::{Append, Outcome, batch_writer};
use teahouse_store::{DatabaseConfig, Db, Error};

use crate::world::{World, message, on_both};

on_both! {
    async fn a_transaction_that_waits_too_long_is_given_up(world: World) {
        let ann = world.person().await;
        let room = world.room(ann).await;
        let config = DatabaseConfig { write_timeout_ms: 200, ..world.config.clone() };
        let db = Db::connect(&config).await.unwrap();
        let (queue, writer, mut finished) = batch_writer();
        let writing = tokio::spawn(writer.run(db.clone()));
        let say = |text: &str| Append { entry: message(room, ann, None, text), ticket: () };

        // Somebody else has the room, and does not let go.
        let other = world.db.begin().await.unwrap();
        teahouse_store::log::hold(&other, vec![room.uuid()]).await.unwrap();
        queue.try_append(say("lost")).unwrap();
        let batch = finished.recv().await.unwrap();
        assert!(matches!(batch[0].outcome, Err(Error::Unavailable(_))), "{:?}", batch[0].outcome);
        assert!(queue.stuck_for() >= std::time::Duration::from_millis(200), "{:?}", queue.stuck_for());

        other.rollback().await.unwrap();
        loop {
            queue.try_append(say("said")).unwrap();
            match &finished.recv().await.unwrap()[0].outcome {
                Ok(Outcome::Written(_)) => break,
                outcome => assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}"),
            }
        }
        drop(queue);
        assert!(finished.recv().await.is_none());
        writing.await.unwrap();
        assert_eq!(world.texts(room).await, ["said"]);
        db.close().await;
    }
}
