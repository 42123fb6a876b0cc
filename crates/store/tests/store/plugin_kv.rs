//! What plugins keep: quotas that hold, windows that end, and counters that lose nothing when many write at once.

use std::time::Duration;

use teahouse_protocol::Timestamp;
use teahouse_store::Db;
use teahouse_store::plugin_kv::{self, Quota, Usage, WriteError};

use crate::world::{World, at, on_both};

const PLUGIN: &str = "org.example.guard";
const AMPLE: Quota = Quota { bytes: 1 << 20, keys: 10_000 };

fn later(ms: i64) -> Timestamp {
    Timestamp::from_millis(at().millis() + ms)
}

async fn set(
    db: &Db,
    key: &str,
    value: &str,
    quota: Quota,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), WriteError> {
    let tx = db.begin().await?;
    plugin_kv::write(&tx, PLUGIN, quota, now)
        .await?
        .set(key.as_bytes(), value.as_bytes().to_vec(), expires_at)
        .await?;
    Ok(tx.commit().await?)
}

async fn get(db: &Db, key: &str, now: Timestamp) -> Option<String> {
    let value = plugin_kv::get(db.conn(), PLUGIN, key.as_bytes(), now).await.unwrap()?;
    Some(String::from_utf8(value).unwrap())
}

async fn increment(db: &Db, key: &str, by: i32, expires_at: Option<Timestamp>) -> Result<i32, WriteError> {
    let tx = db.begin().await?;
    let count =
        plugin_kv::write(&tx, PLUGIN, AMPLE, at()).await?.increment(key.as_bytes(), by, expires_at).await?;
    tx.commit().await?;
    Ok(count)
}

async fn usage(db: &Db) -> Usage {
    plugin_kv::usage(db.conn(), PLUGIN).await.unwrap()
}

/// What the rows themselves add up to.
async fn counted(world: &World) -> Usage {
    let count = |sql: &'static str| async move { world.count(sql).await.unsigned_abs() };
    let bytes = "SELECT CAST(COALESCE(SUM(LENGTH(\"key\") + LENGTH(\"value\")), 0) AS BIGINT) FROM plugin_kv";
    Usage { bytes: count(bytes).await, keys: count("SELECT COUNT(*) FROM plugin_kv").await }
}

on_both! {
    async fn what_is_set_is_read_until_it_is_deleted(world: World) {
        let db = &world.db;
        set(db, "a", "one", AMPLE, None, at()).await.unwrap();
        set(db, "a", "three", AMPLE, None, at()).await.unwrap();
        assert_eq!(get(db, "a", at()).await.as_deref(), Some("three"));
        assert_eq!(usage(db).await, Usage { bytes: 6, keys: 1 });
        let tx = db.begin().await.unwrap();
        let mut writing = plugin_kv::write(&tx, PLUGIN, AMPLE, at()).await.unwrap();
        assert!(writing.delete(b"a").await.unwrap());
        assert!(!writing.delete(b"a").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(get(db, "a", at()).await, None);
        assert_eq!(usage(db).await, Usage::default());
    }

    /// A key is bytes: what looks like a path, a pattern or another plugin's is only that.
    async fn one_plugin_never_sees_the_keys_of_another(world: World) {
        let db = &world.db;
        for key in ["../x", "%", "_", "org.example.other/a", "ключ", "钥匙"] {
            set(db, key, "mine", AMPLE, None, at()).await.unwrap();
            assert!(plugin_kv::get(db.conn(), "org.example.other", key.as_bytes(), at()).await.unwrap().is_none());
        }
        assert!(plugin_kv::keys(db.conn(), "org.example.other", b"", None, 10, at()).await.unwrap().is_empty());
        assert_eq!(plugin_kv::keys(db.conn(), PLUGIN, b"%", None, 10, at()).await.unwrap(), [b"%"]);
    }

    async fn keys_come_by_prefix_in_pages_in_the_order_of_their_bytes(world: World) {
        let db = &world.db;
        let tx = db.begin().await.unwrap();
        let mut writing = plugin_kv::write(&tx, PLUGIN, AMPLE, at()).await.unwrap();
        for key in [&b"a"[..], b"ab", b"aB", b"a-c", b"a\xff\xff", b"b", b"A"] {
            writing.set(key, Vec::new(), None).await.unwrap();
        }
        writing.set(b"a-gone", Vec::new(), Some(at())).await.unwrap();
        tx.commit().await.unwrap();
        let page = |after: Option<&'static [u8]>| plugin_kv::keys(db.conn(), PLUGIN, b"a", after, 3, at());
        assert_eq!(page(None).await.unwrap(), [&b"a"[..], b"a-c", b"aB"]);
        assert_eq!(page(Some(b"aB")).await.unwrap(), [&b"ab"[..], b"a\xff\xff"]);
        let all = plugin_kv::keys(db.conn(), PLUGIN, b"", None, 100, at()).await.unwrap();
        assert_eq!(all.len(), 7);
    }

    async fn a_quota_holds_to_the_byte_and_to_the_key(world: World) {
        let db = &world.db;
        let quota = Quota { bytes: 10, keys: 2 };
        set(db, "a", "1234", quota, None, at()).await.unwrap();
        set(db, "b", "1234", quota, None, at()).await.unwrap();
        let refused = |result| assert!(matches!(result, Err(WriteError::Quota)), "{result:?}");
        refused(set(db, "b", "12345", quota, None, at()).await);
        refused(set(db, "c", "", quota, None, at()).await);
        assert_eq!(get(db, "b", at()).await.as_deref(), Some("1234"));
        set(db, "b", "4321", quota, None, at()).await.unwrap();
        // A quota that was lowered: what is there stays, may shrink, and can't grow.
        let lower = Quota { bytes: 4, keys: 1 };
        set(db, "b", "12", lower, None, at()).await.unwrap();
        refused(set(db, "b", "123", lower, None, at()).await);
        assert_eq!(usage(db).await, counted(&world).await);
    }

    async fn what_expired_is_not_seen_and_makes_room(world: World) {
        let db = &world.db;
        let quota = Quota { bytes: 100, keys: 2 };
        set(db, "short", "1", quota, Some(later(1_000)), at()).await.unwrap();
        set(db, "long", "1", quota, None, at()).await.unwrap();
        assert_eq!(get(db, "short", later(999)).await.as_deref(), Some("1"));
        assert_eq!(get(db, "short", later(1_000)).await, None);
        assert_eq!(usage(db).await.keys, 2);
        set(db, "new", "1", quota, Some(later(9_000)), later(1_000)).await.unwrap();
        assert_eq!(usage(db).await.keys, 2);
        // The row that is written anew is itself what the sweep takes.
        let full = Quota { bytes: 8, keys: 2 };
        set(db, "new", "12", full, None, later(9_000)).await.unwrap_err();
        set(db, "new", "1", full, None, later(9_000)).await.unwrap();
        assert_eq!(usage(db).await, counted(&world).await);
    }

    async fn a_sweep_takes_what_expired_of_all_plugins_and_counts_it_out(world: World) {
        let db = &world.db;
        for plugin in ["a.a", "b.b"] {
            let tx = db.begin().await.unwrap();
            let mut writing = plugin_kv::write(&tx, plugin, AMPLE, at()).await.unwrap();
            for key in 0..5_i64 {
                let expires_at = (key < 3).then(|| later(key));
                writing.set(key.to_string().as_bytes(), b"xy".to_vec(), expires_at).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
        assert_eq!(plugin_kv::delete_expired(db, later(1)).await.unwrap(), 4);
        assert_eq!(plugin_kv::delete_expired(db, later(1)).await.unwrap(), 0);
        let left = Usage { bytes: 9, keys: 3 };
        let usages = plugin_kv::usages(db.conn()).await.unwrap();
        assert!(usages.iter().all(|(_, usage)| *usage == left), "{usages:?}");
        let tx = db.begin().await.unwrap();
        plugin_kv::delete_of_plugin(&tx, "a.a").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(plugin_kv::usages(db.conn()).await.unwrap(), [("b.b".to_owned(), left)]);
        assert_eq!(counted(&world).await, left);
    }

    async fn a_counter_keeps_the_window_it_was_born_with(world: World) {
        let db = &world.db;
        assert_eq!(increment(db, "n", 1, Some(later(50))).await.unwrap(), 1);
        assert_eq!(increment(db, "n", 2, Some(later(500))).await.unwrap(), 3);
        assert_eq!(get(db, "n", later(49)).await.as_deref(), Some("3"));
        assert_eq!(get(db, "n", later(50)).await, None);
        let tx = db.begin().await.unwrap();
        let mut writing = plugin_kv::write(&tx, PLUGIN, AMPLE, later(50)).await.unwrap();
        assert_eq!(writing.increment(b"n", -4, None).await.unwrap(), -4);
        assert_eq!(writing.increment(b"n", i32::MAX, None).await.unwrap(), i32::MAX - 4);
        assert_eq!(writing.increment(b"n", i32::MAX, None).await.unwrap(), i32::MAX);
        writing.set(b"word", b"tea".to_vec(), None).await.unwrap();
        let refused = writing.increment(b"word", 1, None).await;
        assert!(matches!(refused, Err(WriteError::NotANumber)), "{refused:?}");
        tx.commit().await.unwrap();
    }

    async fn many_increments_at_once_on_two_nodes_lose_none(world: World) {
        let nodes = [world.db.clone(), world.another_node().await];
        let adding: Vec<_> = (0..60_usize)
            .map(|count| {
                let db = nodes[count % 2].clone();
                tokio::spawn(async move { increment(&db, &format!("n{}", count % 3), 1, None).await.unwrap() })
            })
            .collect();
        let all = async {
            let mut seen = Vec::new();
            for one in adding {
                seen.push(one.await.unwrap());
            }
            seen
        };
        let mut seen = tokio::time::timeout(Duration::from_secs(60), all).await.expect("no deadlock");
        seen.sort_unstable();
        let each: Vec<i32> = (1..=20).flat_map(|count| [count; 3]).collect();
        assert_eq!(seen, each, "each increment saw a number of its own");
        assert_eq!(usage(&world.db).await, counted(&world).await);
    }

    async fn of_many_swaps_at_once_one_wins(world: World) {
        let nodes = [world.db.clone(), world.another_node().await];
        for (old, round) in [(None, "first"), (Some("first"), "second")] {
            let swapping: Vec<_> = (0..20_usize)
                .map(|count| {
                    let db = nodes[count % 2].clone();
                    tokio::spawn(async move {
                        let tx = db.begin().await.unwrap();
                        let mut writing = plugin_kv::write(&tx, PLUGIN, AMPLE, at()).await.unwrap();
                        let old = old.map(str::as_bytes);
                        let swapped = writing.swap(b"seat", old, round.as_bytes().to_vec(), None).await;
                        tx.commit().await.unwrap();
                        match swapped {
                            Ok(()) => true,
                            Err(WriteError::Conflict) => false,
                            Err(error) => panic!("{error}"),
                        }
                    })
                })
                .collect();
            let mut won = 0;
            for one in swapping {
                won += usize::from(one.await.unwrap());
            }
            assert_eq!(won, 1, "{round}");
        }
        assert_eq!(get(&world.db, "seat", at()).await.as_deref(), Some("second"));
    }

    async fn many_writers_at_once_never_pass_the_quota(world: World) {
        let nodes = [world.db.clone(), world.another_node().await];
        let quota = Quota { bytes: 1_000, keys: 10 };
        let setting: Vec<_> = (0..30_usize)
            .map(|count| {
                let db = nodes[count % 2].clone();
                tokio::spawn(async move { set(&db, &format!("k{count}"), "v", quota, None, at()).await })
            })
            .collect();
        let mut written = 0;
        for one in setting {
            match one.await.unwrap() {
                Ok(()) => written += 1,
                Err(WriteError::Quota) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(written, 10);
        assert_eq!(usage(&world.db).await, counted(&world).await);
        assert_eq!(usage(&world.db).await.keys, 10);
    }
}
