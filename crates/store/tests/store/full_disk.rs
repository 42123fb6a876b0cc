//! A disk that is full, played by SQLite's own limit of pages: what was acknowledged all the same is kept.

use sea_orm::{ConnectionTrait, Statement};
use teahouse_store::writer::Outcome;
use teahouse_store::{Db, Error};
use teahouse_testkit::{Engine, Fixture as _, TestDatabase};

use crate::world::{World, message};

/// The engine rolls back by itself when the disk is full, and the driver goes on counting a transaction: it would take
/// the next ones for parts of it, and "commit" what never reaches the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_lost_count_of_its_transactions_is_not_used_again() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("SQLite is always there");
    let mut world = World::new(&database).await;
    let ann = world.person().await;
    let room = world.room(ann).await;
    let rolled_back = world.db.begin().await.unwrap();
    rolled_back.execute_unprepared("ROLLBACK").await.unwrap();
    drop(rolled_back);
    drop(world.db.begin().await.unwrap());
    world.say(room, ann, "two cups, please").await;
    world.db.close().await;
    world.db = world.another_node().await;
    assert_eq!(world.texts(room).await, ["two cups, please"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_between_failures_is_there_afterwards() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("SQLite is always there");
    let mut world = World::new(&database).await;
    let ann = world.person().await;
    let room = world.room(ann).await;
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for round in 0..12 {
        leave_pages(&world.db, if round % 3 == 2 { 1_000 } else { 2 }).await;
        for count in 0..4 {
            let text = format!("{round}-{count}-{}", "tea ".repeat(900));
            match world.write(vec![message(room, ann, Some(&text[..6]), &text)]).await.remove(0) {
                Ok(Outcome::Written(_)) => acknowledged.push(text),
                Err(Error::StorageFull(_)) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(refused > 0, "the disk was never full");
    world.db.close().await;
    world.db = world.another_node().await;
    assert_eq!(world.texts(room).await, acknowledged);
}

/// Lets the database grow by so many pages and no more, as far as its writing connection goes.
async fn leave_pages(db: &Db, pages: i64) {
    let backend = db.writer().get_database_backend();
    let count = Statement::from_string(backend, "PRAGMA page_count");
    let row = db.writer().query_one_raw(count).await.unwrap().unwrap();
    let most = row.try_get_by_index::<i64>(0).unwrap() + pages;
    let limit = Statement::from_string(backend, format!("PRAGMA max_page_count = {most}"));
    db.writer().query_one_raw(limit).await.unwrap();
}
