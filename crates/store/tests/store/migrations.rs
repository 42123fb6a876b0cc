//! The schema: made from nothing, made once, made by two at once, and never made by a program that is too old.

use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use teahouse_migrations::Migrator;
use teahouse_protocol::{MessageId, Role, RoomId, UserId};
use teahouse_store::{Db, Error, messages, standing};
use teahouse_testkit::{Fixture, TestDatabase};
use uuid::Uuid;

use crate::world::{World, add, on_both};

/// A world before its schema was made.
struct Unmade(World);

impl Fixture for Unmade {
    async fn new(database: &TestDatabase) -> Self {
        Self(World::empty(database).await)
    }
}

on_both! {
    async fn from_nothing_and_again(Unmade(world): Unmade) {
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

    async fn a_step_of_a_newer_program_is_refused(Unmade(world): Unmade) {
        world.db.migrate().await.unwrap();
        let step = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_tomorrow', 0)";
        world.db.writer().execute_unprepared(step).await.unwrap();
        let refused = world.db.migrate().await;
        let Err(Error::Schema(text)) = refused else { panic!("{refused:?}") };
        assert!(text.contains("m9999_from_tomorrow"), "{text}");
    }

    /// Two nodes start at once on an empty database, or a command runs beside a server.
    async fn two_at_once_make_one_schema(Unmade(world): Unmade) {
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

    /// The schema before plugins, with rows in it.
    async fn rows_of_an_older_schema_stay(Unmade(world): Unmade) {
        Migrator::up(world.db.writer(), Some(4)).await.unwrap();
        let [room, user, message, key] = [(); 4].map(|()| Uuid::now_v7());
        // The engines write ids and bytes in their own ways.
        let (id, bytes): (fn(Uuid) -> String, &str) = if world.db.is_sqlite() {
            (|id| format!("x'{}'", id.simple()), "x'00'")
        } else {
            (|id| format!("'{id}'"), "'\\x00'")
        };
        let statements = [
            format!(
                "INSERT INTO rooms (id, kind, visibility, name, announcement, created_at_ms, last_seq) \
                 VALUES ({}, 0, 0, 'a room', '', 0, 1)",
                id(room)
            ),
            format!(
                "INSERT INTO messages (id, room_id, seq, sender_id, client_id, kind, content, sent_at_ms) \
                 VALUES ({}, {}, 1, {}, 'c-1', 0, 'two cups', 7)",
                id(message),
                id(room),
                id(user)
            ),
            format!(
                "INSERT INTO api_keys (id, name, key_hash, created_at_ms) VALUES ({}, 'shop', {bytes}, 0)",
                id(key)
            ),
        ];
        for statement in statements {
            world.db.writer().execute_unprepared(&statement).await.unwrap();
        }
        assert_eq!(world.db.pending_migrations().await.unwrap().len(), Migrator::migrations().len() - 4);
        world.db.migrate().await.unwrap();
        let row = messages::find(world.db.conn(), MessageId::from_uuid(message)).await.unwrap().unwrap();
        assert_eq!((row.content.as_str(), row.seq, row.hops), ("two cups", 1, 0));
        let key = teahouse_store::api_keys::find_by_hash(world.db.conn(), &[0]).await.unwrap().unwrap();
        assert_eq!((key.name.as_str(), key.scopes.as_str()), ("shop", ""));
        let ann = world.person().await;
        world.say(RoomId::from_uuid(room), ann, "and a third").await;
        assert_eq!(world.texts(RoomId::from_uuid(room)).await, ["two cups", "and a third"]);
    }

    /// The schema before unread messages were counted by arithmetic.
    async fn what_was_unread_stays_unread(Unmade(world): Unmade) {
        Migrator::up(world.db.writer(), Some(8)).await.unwrap();
        let [room, reader, writer] = [(); 3].map(|()| Uuid::now_v7());
        let id = |id: Uuid| if world.db.is_sqlite() { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
        let mut statements = vec![format!(
            "INSERT INTO rooms (id, kind, visibility, name, announcement, created_at_ms, last_seq) \
             VALUES ({}, 0, 0, 'a room', '', 0, 300)",
            id(room)
        )];
        for user in [reader, writer] {
            statements.push(format!(
                "INSERT INTO users (id, name, is_bot, is_guest, created_at_ms) VALUES ({}, 'x', false, false, 0)",
                id(user)
            ));
        }
        // Of each ten, the first is an event and the second the reader's own; the third was recalled.
        for seq in 1..=300 {
            statements.push(match seq % 10 {
                1 => format!(
                    "INSERT INTO room_events (room_id, seq, kind, actor_id, detail, at_ms) VALUES ({}, {seq}, 3, {}, '{{}}', 0)",
                    id(room),
                    id(writer)
                ),
                of_ten => format!(
                    "INSERT INTO messages (id, room_id, seq, sender_id, kind, content, sent_at_ms, hops, recalled_at_ms) \
                     VALUES ({}, {}, {seq}, {}, 0, 'tea', 0, 0, {})",
                    id(Uuid::now_v7()),
                    id(room),
                    id(if of_ten == 2 { reader } else { writer }),
                    if of_ten == 3 { "1" } else { "NULL" }
                ),
            });
        }
        statements.push(format!(
            "INSERT INTO read_cursors (room_id, user_id, seq, read_at_ms) VALUES ({}, {}, 100, 0)",
            id(room),
            id(reader)
        ));
        world.db.writer().execute_unprepared(&statements.join(";")).await.unwrap();
        world.db.migrate().await.unwrap();
        let (room, [reader, writer]) = (RoomId::from_uuid(room), [reader, writer].map(UserId::from_uuid));
        let unread = async |user| standing::find(world.db.conn(), user, &[room]).await.unwrap()[&room].unread(0);
        assert_eq!((unread(reader).await, unread(writer).await), (20 * 7, 30));
        // An event takes the number after the thirty that were there.
        let ann = world.person().await;
        world.write_one(add(room, ann, ann, Role::Member)).await;
        assert_eq!((unread(reader).await, unread(writer).await), (20 * 7, 30));
        assert_eq!(world.count("SELECT MAX(ordinal) FROM room_events").await, 31);
    }
}
