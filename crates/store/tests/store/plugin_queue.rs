//! What wakes bots: events that wait in their order, once each and not without end, and timers that fire for one node.

use teahouse_protocol::{NodeId, Timestamp};
use teahouse_store::entity::{plugin_event, plugin_timer, plugin_verdict};
use teahouse_store::plugin_events::{Queued, Room};
use teahouse_store::plugin_timers::Setting;
use teahouse_store::plugin_verdicts::Filter;
use teahouse_store::{PageSize, plugin_events, plugin_timers, plugin_verdicts, plugins};
use uuid::Uuid;

use crate::plugins::{PLUGIN, install};
use crate::world::{World, at, on_both};

fn later(ms: i64) -> Timestamp {
    Timestamp::from_millis(at().millis() + ms)
}

fn event(plugin: &str, id: &str, queued_at: Timestamp) -> plugin_event::Model {
    plugin_event::Model {
        plugin_id: plugin.to_owned(),
        id: id.to_owned(),
        room_id: None,
        kind: "posted".to_owned(),
        event: "{}".to_owned(),
        hops: 0,
        created_at_ms: queued_at.millis(),
        attempts: 0,
        party: None,
    }
}

fn events(ids: impl IntoIterator<Item = usize>) -> Vec<plugin_event::Model> {
    ids.into_iter().map(|id| event(PLUGIN, &format!("{id:04}"), at())).collect()
}

fn timer(name: &str, due_at: Timestamp) -> plugin_timer::Model {
    plugin_timer::Model {
        plugin_id: PLUGIN.to_owned(),
        name: name.to_owned(),
        token: Uuid::now_v7(),
        due_at_ms: due_at.millis(),
        every_ms: None,
        payload: String::new(),
        party: None,
    }
}

/// Room for so many events, whose doing they are or not.
const fn room(all: u64) -> Room {
    Room { all, of_one: all }
}

async fn waiting(world: &World) -> Vec<String> {
    let oldest = plugin_events::oldest(world.db.conn(), PLUGIN, None, 5_000).await.unwrap();
    oldest.into_iter().map(|event| event.id).collect()
}

async fn set(world: &World, timer: plugin_timer::Model, most: u64) -> bool {
    let tx = world.db.begin().await.unwrap();
    let set = plugin_timers::put(&tx, timer, most, 1).await.unwrap();
    tx.commit().await.unwrap();
    set == Setting::Set
}

on_both! {
    async fn events_wait_once_each_in_the_order_of_their_ids(world: World) {
        let db = &world.db;
        let queued = plugin_events::insert(db.writer(), events([3, 1]), room(1_000)).await.unwrap();
        assert_eq!(queued, Queued { added: 2, refused: 0 });
        let again = plugin_events::insert(db.writer(), events([1, 2, 2, 3]), room(1_000)).await.unwrap();
        assert_eq!(again, Queued { added: 1, refused: 0 });
        let others = vec![event("org.example.other", "0001", at())];
        assert_eq!(plugin_events::insert(db.writer(), others, room(1_000)).await.unwrap().added, 1);
        assert_eq!(waiting(&world).await, ["0001", "0002", "0003"]);
        let rest = plugin_events::oldest(db.conn(), PLUGIN, Some("0001"), 1).await.unwrap();
        assert_eq!(rest[0].id, "0002");
        let [mine, other] = [NodeId::generate(), NodeId::generate()];
        install(db, PLUGIN).await;
        assert!(plugins::lease_dispatch(db.writer(), PLUGIN, mine, at(), later(9)).await.unwrap());
        let second = ["0002".to_owned()];
        assert_eq!(plugin_events::count_attempt(db.writer(), PLUGIN, other, &second).await.unwrap(), 0);
        assert_eq!(plugin_events::count_attempt(db.writer(), PLUGIN, mine, &second).await.unwrap(), 1);
        let rest = plugin_events::oldest(db.conn(), PLUGIN, Some("0001"), 1).await.unwrap();
        assert_eq!(rest[0].attempts, 1);
        let done = ["0001".to_owned(), "0002".to_owned()];
        assert_eq!(plugin_events::delete(db.writer(), PLUGIN, &done).await.unwrap(), 2);
        assert_eq!(waiting(&world).await, ["0003"]);
        let mut counts = plugin_events::counts(db.conn()).await.unwrap();
        counts.sort();
        assert_eq!(counts, [(PLUGIN.to_owned(), 1), ("org.example.other".to_owned(), 1)]);
    }

    /// A language's order would put these the other way round.
    async fn ids_sort_as_bytes(world: World) {
        let ids = ["1-2", "12", "1A", "1a", "2"];
        let rows = ids.iter().rev().map(|id| event(PLUGIN, id, at())).collect();
        plugin_events::insert(world.db.writer(), rows, room(10)).await.unwrap();
        assert_eq!(waiting(&world).await, ids);
    }

    async fn a_full_queue_refuses_the_newest_and_says_so(world: World) {
        let db = &world.db;
        plugin_events::insert(db.writer(), events(0..999), room(1_000)).await.unwrap();
        let queued = plugin_events::insert(db.writer(), events(997..1_002), room(1_000)).await.unwrap();
        assert_eq!(queued, Queued { added: 1, refused: 2 });
        let queued = plugin_events::insert(db.writer(), events([999, 1_000]), room(1_000)).await.unwrap();
        assert_eq!(queued, Queued { added: 0, refused: 1 });
        assert_eq!(waiting(&world).await.last().unwrap(), "0999");
        assert_eq!(plugin_events::count(db.conn(), PLUGIN).await.unwrap(), 1_000);
    }

    /// Of one party's doing no more wait than may, however often they are queued; others' find room beside them.
    async fn nobody_fills_a_queue_alone(world: World) {
        let (db, room) = (&world.db, Room { all: 10, of_one: 3 });
        let [ann, bob] = [1, -2];
        let by = |party: Option<i64>, ids: std::ops::Range<usize>| {
            events(ids).into_iter().map(|event| plugin_event::Model { party, ..event }).collect::<Vec<_>>()
        };
        let queued = plugin_events::insert(db.writer(), by(Some(ann), 0..9), room).await.unwrap();
        assert_eq!(queued, Queued { added: 3, refused: 6 });
        let queued = plugin_events::insert(db.writer(), by(Some(ann), 0..4), room).await.unwrap();
        assert_eq!(queued, Queued { added: 0, refused: 1 }, "those that are there stay");
        let mixed = [by(Some(ann), 20..22), by(Some(bob), 22..24), by(None, 24..26)].concat();
        let queued = plugin_events::insert(db.writer(), mixed, room).await.unwrap();
        assert_eq!(queued, Queued { added: 4, refused: 2 });
        let queued = plugin_events::insert(db.writer(), by(None, 30..40), room).await.unwrap();
        assert_eq!(queued, Queued { added: 3, refused: 7 }, "ten in all");
    }

    async fn nobody_takes_all_timers(world: World) {
        install(&world.db, PLUGIN).await;
        let by = |party: Option<i64>, name: &str| plugin_timer::Model { party, ..timer(name, later(10)) };
        let [ann, bob] = [1, -2];
        assert!(set(&world, by(Some(ann), "a"), 3).await);
        assert!(!set(&world, by(Some(ann), "b"), 3).await, "one of each");
        assert!(set(&world, by(Some(ann), "a"), 3).await, "the same one anew");
        assert!(set(&world, by(Some(bob), "b"), 3).await);
        assert!(set(&world, by(None, "c"), 3).await);
        assert!(!set(&world, by(None, "d"), 3).await);
    }

    async fn what_waits_too_long_is_dropped_and_counted(world: World) {
        let db = &world.db;
        let rows = vec![event("a.a", "1", at()), event("a.a", "2", later(10)), event("b.b", "1", at())];
        plugin_events::insert(db.writer(), rows, room(10)).await.unwrap();
        let mut dropped = plugin_events::delete_before(db.writer(), later(10)).await.unwrap();
        dropped.sort();
        assert_eq!(dropped, [("a.a".to_owned(), 1), ("b.b".to_owned(), 1)]);
        plugin_events::delete_of_plugin(db.writer(), "a.a").await.unwrap();
        assert!(plugin_events::counts(db.conn()).await.unwrap().is_empty());
    }

    /// Every outbox job may run twice, also on two nodes at once.
    async fn the_same_events_from_two_nodes_are_queued_once(world: World) {
        let nodes = [world.db.clone(), world.another_node().await];
        let queueing: Vec<_> = nodes
            .into_iter()
            .enumerate()
            .map(|(node, db)| {
                tokio::spawn(async move {
                    let mut rows: Vec<_> = (0..200)
                        .map(|id| event(["a.a", "b.b"][id % 2], &format!("{id:04}"), at()))
                        .collect();
                    if node == 1 {
                        rows.reverse();
                    }
                    let tx = db.begin().await.unwrap();
                    let queued = plugin_events::insert(&tx, rows, room(1_000)).await.unwrap();
                    tx.commit().await.unwrap();
                    queued.added
                })
            })
            .collect();
        let mut added = 0;
        for one in queueing {
            added += one.await.unwrap();
        }
        assert_eq!(added, 200);
        assert_eq!(world.count("SELECT COUNT(*) FROM plugin_events").await, 200);
    }

    async fn a_timer_of_a_known_name_is_replaced_and_one_too_many_refused(world: World) {
        let db = &world.db;
        assert!(!set(&world, timer("a", at()), 2).await, "no such plugin");
        install(db, PLUGIN).await;
        assert!(set(&world, timer("a", later(5)), 2).await);
        assert!(set(&world, timer("b", later(3)), 2).await);
        assert!(!set(&world, timer("c", later(1)), 2).await);
        assert!(set(&world, timer("a", later(9)), 2).await);
        assert_eq!(plugin_timers::next_due_at(db.conn()).await.unwrap(), Some(later(3)));
        assert!(plugin_timers::due(db.conn(), later(2), 10).await.unwrap().is_empty());
        let due = plugin_timers::due(db.conn(), later(9), 10).await.unwrap();
        let names: Vec<&str> = due.iter().map(|timer| timer.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(plugin_timers::delete(db.writer(), PLUGIN, "a").await.unwrap());
        assert!(!plugin_timers::delete(db.writer(), PLUGIN, "a").await.unwrap());
        assert_eq!(plugin_timers::of_plugin(db.conn(), PLUGIN).await.unwrap().len(), 1);
    }

    async fn of_many_timers_at_once_no_more_are_set_than_may_be(world: World) {
        install(&world.db, PLUGIN).await;
        let nodes = [world.db.clone(), world.another_node().await];
        let setting: Vec<_> = (0..12_usize)
            .map(|count| {
                let db = nodes[count % 2].clone();
                tokio::spawn(async move {
                    let tx = db.begin().await.unwrap();
                    let set = plugin_timers::put(&tx, timer(&count.to_string(), at()), 5, 5).await.unwrap();
                    tx.commit().await.unwrap();
                    set == Setting::Set
                })
            })
            .collect();
        let mut set = 0;
        for one in setting {
            set += usize::from(one.await.unwrap());
        }
        assert_eq!(set, 5);
    }

    async fn a_timer_fires_for_one_of_many_nodes(world: World) {
        install(&world.db, PLUGIN).await;
        for next in [Some(later(100)), None] {
            assert!(set(&world, timer("tick", at()), 10).await);
            let due = plugin_timers::due(world.db.conn(), at(), 10).await.unwrap();
            let firing: Vec<_> = (0..10)
                .map(|_| {
                    let (db, timer) = (world.db.clone(), due[0].clone());
                    tokio::spawn(async move {
                        let tx = db.begin().await.unwrap();
                        let fired = plugin_timers::fire(&tx, &timer, next).await.unwrap();
                        tx.commit().await.unwrap();
                        fired
                    })
                })
                .collect();
            let mut fired = 0;
            for one in firing {
                fired += usize::from(one.await.unwrap());
            }
            assert_eq!(fired, 1);
            assert_eq!(plugin_timers::next_due_at(world.db.conn()).await.unwrap(), next);
        }
    }

    async fn verdicts_are_found_by_plugin_and_forgotten_by_age(world: World) {
        let db = &world.db;
        let verdict = |plugin: &str, at: Timestamp| plugin_verdict::Model {
            id: Uuid::from_u128((u128::from(at.millis().unsigned_abs()) << 80) | Uuid::now_v7().as_u128() >> 50),
            at_ms: at.millis(),
            plugin_id: plugin.to_owned(),
            version: "1.0.0".to_owned(),
            hook: "check".to_owned(),
            verdict: "reject".to_owned(),
            code: "spam".to_owned(),
            input_digest: "d".to_owned(),
            took_us: 7,
            room_id: None,
            user_id: None,
            message_id: None,
            times: 1,
        };
        let rows = vec![verdict("a.a", at()), verdict("b.b", later(1)), verdict("a.a", later(2))];
        plugin_verdicts::insert(db.writer(), rows.clone()).await.unwrap();
        plugin_verdicts::insert(db.writer(), rows.clone()).await.unwrap();
        let page = async |filter: Filter, before| {
            plugin_verdicts::page_before(db.conn(), &filter, before, PageSize::capped(10)).await.unwrap()
        };
        assert_eq!(page(Filter::default(), None).await.len(), 3);
        let of_a = Filter { plugin: Some("a.a".to_owned()), ..Filter::default() };
        assert_eq!(page(of_a.clone(), None).await, [rows[2].clone(), rows[0].clone()]);
        assert_eq!(page(of_a, Some(rows[2].id)).await, [rows[0].clone()]);
        let recent = Filter { since: Some(later(1)), ..Filter::default() };
        assert_eq!(page(recent, None).await.len(), 2);
        assert_eq!(plugin_verdicts::delete_before(db.writer(), later(2), 1).await.unwrap(), 1);
        assert_eq!(plugin_verdicts::delete_before(db.writer(), later(2), 10).await.unwrap(), 1);
        assert_eq!(plugin_verdicts::delete_before(db.writer(), later(2), 10).await.unwrap(), 0);
        assert_eq!(page(Filter::default(), None).await, [rows[2].clone()]);
    }
}
