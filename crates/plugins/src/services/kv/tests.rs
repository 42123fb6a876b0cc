//! The store beside calls that end in the middle.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use teahouse_protocol::ManualClock;
use teahouse_store::DatabaseConfig;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

async fn store(folder: &std::path::Path) -> (Arc<Kv>, Arc<ManualClock>) {
    let db = Db::connect(&DatabaseConfig::sqlite(folder.join("test.db"))).await.unwrap();
    db.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_800_000_000_000)));
    let (dirty, _) = mpsc::unbounded_channel();
    let kv = Kv::new(db, clock.clone(), "org.example.counts".into(), dirty);
    kv.set_quota(64 * 1024, 1_000);
    (Arc::new(kv), clock)
}

/// A filter's deadline drops what it waits for, the writing of its counters included.
#[tokio::test]
async fn a_call_that_is_cut_off_while_counters_are_written_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let (kv, _) = store(folder.path()).await;
    assert_eq!(kv.increment(Asker::Filter(None), "a", 3, None).await, Ok(3));
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
    assert_eq!(kv.get(Asker::Bot(None), "a").await, Ok(Some(b"3".to_vec())));
    assert_eq!(kv.increment(Asker::Filter(None), "a", 1, None).await, Ok(4), "and counted once");
}

/// A filter that writes at each message would have every message wait for its transactions.
#[tokio::test]
async fn filters_write_so_often_a_minute_and_read_as_they_like() {
    let folder = tempfile::tempdir().unwrap();
    let (kv, clock) = store(folder.path()).await;
    for _ in 0..200 {
        kv.delete(Asker::Filter(None), "a").await.unwrap();
    }
    let refused = kv.set(Asker::Filter(None), "a", b"1".to_vec(), None).await;
    assert!(matches!(refused, Err(Error::RateLimited(wait)) if (1..=60).contains(&wait)), "{refused:?}");
    assert!(matches!(
        kv.swap(Asker::Filter(None), "a", None, b"1".to_vec(), None).await,
        Err(Error::RateLimited(_))
    ));
    assert!(matches!(kv.delete(Asker::Filter(None), "a").await, Err(Error::RateLimited(_))));
    assert_eq!(kv.get(Asker::Filter(None), "a").await, Ok(None), "reading is another thing");
    assert_eq!(kv.increment(Asker::Filter(None), "n", 1, None).await, Ok(1), "and so is counting");
    assert_eq!(kv.delete(Asker::Bot(None), "a").await, Ok(false), "and what a bot does");
    clock.advance(Duration::from_millis(60));
    assert_eq!(kv.set(Asker::Filter(None), "a", b"1".to_vec(), None).await, Ok(()));
    assert!(kv.set(Asker::Filter(None), "a", b"1".to_vec(), None).await.is_err());
}

#[tokio::test]
async fn filters_count_so_often_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let (kv, clock) = store(folder.path()).await;
    for number in 1..=10_000 {
        assert_eq!(kv.increment(Asker::Filter(None), "n", 1, None).await, Ok(number));
    }
    assert!(matches!(kv.increment(Asker::Filter(None), "n", 1, None).await, Err(Error::RateLimited(_))));
    clock.advance(Duration::from_millis(1));
    assert_eq!(
        kv.increment(Asker::Filter(None), "n", 1, None).await,
        Ok(10_001),
        "what was refused is not counted"
    );
}
