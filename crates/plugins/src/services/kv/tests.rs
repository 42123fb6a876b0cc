//! The store beside calls that end in the middle.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use teahouse_protocol::ManualClock;
use teahouse_store::DatabaseConfig;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

async fn store(folder: &std::path::Path) -> Arc<Kv> {
    let db = Db::connect(&DatabaseConfig::sqlite(folder.join("test.db"))).await.unwrap();
    db.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_800_000_000_000)));
    let (dirty, _) = mpsc::unbounded_channel();
    let kv = Kv::new(db, clock, "org.example.counts".into(), dirty);
    kv.set_quota(64 * 1024);
    Arc::new(kv)
}

/// A filter's deadline drops what it waits for, the writing of its counters included.
#[tokio::test]
async fn a_call_that_is_cut_off_while_counters_are_written_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let kv = store(folder.path()).await;
    assert_eq!(kv.increment(Asker::Filter, "a", 3, None).await, Ok(3));
    {
        let mut flush = pin!(kv.flush());
        let polled = poll_fn(|cx| Poll::Ready(flush.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    let written = async {
        while kv.counters.waits("a") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("the count is written");
    assert_eq!(kv.get(Asker::Bot, "a").await, Ok(Some(b"3".to_vec())));
    assert_eq!(kv.increment(Asker::Filter, "a", 1, None).await, Ok(4), "and counted once");
}
