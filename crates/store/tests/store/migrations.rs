//! The schema: made from nothing, made once, made by two at once, and never made by a program that is too old.

use sea_orm::ConnectionTrait;
use teahouse_store::{Db, Error};

use crate::world::{Engine, World};

async fn from_nothing_and_again(world: World) {
    let pending = world.db.pending_migrations().await.unwrap();
    assert!(!pending.is_empty());
    world.db.migrate().await.unwrap();
    assert_eq!(world.db.applied_migrations().await.unwrap(), pending);
    world.db.migrate().await.unwrap();
    assert_eq!(world.db.applied_migrations().await.unwrap(), pending);
    assert!(world.db.pending_migrations().await.unwrap().is_empty());
    let ann = world.person().await;
    let room = world.room(ann).await;
    // What is there stays.
    world.db.migrate().await.unwrap();
    assert_eq!(world.log(room).await.len(), 1);
}

async fn a_step_of_a_newer_program_is_refused(world: World) {
    world.db.migrate().await.unwrap();
    let step = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_tomorrow', 0)";
    world.db.writer().execute_unprepared(step).await.unwrap();
    let refused = world.db.migrate().await;
    let Err(Error::Schema(text)) = refused else { panic!("{refused:?}") };
    assert!(text.contains("m9999_from_tomorrow"), "{text}");
}

/// Two nodes start at once on an empty database, or a command runs beside a server.
async fn two_at_once_make_one_schema(world: World) {
    let nodes: Vec<Db> = vec![world.db.clone(), world.another_node().await, world.another_node().await];
    let starting: Vec<_> =
        nodes.into_iter().map(|node| tokio::spawn(async move { node.migrate().await })).collect();
    for node in starting {
        node.await.unwrap().unwrap();
    }
    assert!(world.db.pending_migrations().await.unwrap().is_empty());
    let ann = world.person().await;
    world.room(ann).await;
}

macro_rules! from_empty {
    ($($name:ident)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let world = super::World::empty(super::Engine::Sqlite).await;
                super::$name(world.expect("SQLite is always there")).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = super::World::empty(super::Engine::Postgres).await {
                    super::$name(world).await;
                }
            })+
        }
    };
}
from_empty!(from_nothing_and_again a_step_of_a_newer_program_is_refused two_at_once_make_one_schema);
