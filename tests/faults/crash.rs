//! SIGKILL in the middle of everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use teahouse_tests::{TestServer, server_test};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::ledger::{Ledger, whole_log};

const SENDERS: usize = 20;
const KILLS: usize = 20;
/// The most acks before a kill; the least is none at all.
const MOST_ACKS: u32 = 300;
const SEED: u64 = 20_260_501;

/// An ack means committed, whatever happens next: twenty senders, twenty kills, and every acknowledged message is
/// there once, in order, without a hole; and whoever resumed by `since` has seen each event once.
#[server_test]
async fn a_killed_server_loses_nothing_acknowledged(mut server: TestServer) {
    let mut random = StdRng::seed_from_u64(SEED);
    let owner = server.person("owner").await;
    let room = owner.public_room("crash").await;
    let mut ledgers = Vec::new();
    for number in 0..SENDERS {
        let person = server.guest(&format!("g{number}")).await;
        ledgers.push(Ledger::open(person, &room).await);
    }
    for _ in 0..KILLS {
        ledgers = talk_until_killed(&mut server, ledgers, random.random_range(0..MOST_ACKS)).await;
        server.start_again().await;
    }
    for ledger in &mut ledgers {
        ledger.catch_up().await;
    }
    // Whoever caught up first has not seen what the later ones sent again.
    for ledger in &mut ledgers {
        ledger.catch_up().await;
    }
    let log = whole_log(&owner, &room).await;
    for ledger in &ledgers {
        ledger.audit(&log);
    }
    let acknowledged: usize = ledgers.iter().map(|ledger| ledger.acknowledged.len()).sum();
    println!("seed {SEED}: {acknowledged} messages acknowledged, {} events in the log", log.len());
}

/// All talk at once; after so many acks, of whomever, the server is killed. Returns the books.
async fn talk_until_killed(server: &mut TestServer, ledgers: Vec<Ledger>, acks: u32) -> Vec<Ledger> {
    let heard = Arc::new((AtomicU32::new(0), Notify::new()));
    let mut talking = JoinSet::new();
    for mut ledger in ledgers {
        let heard = Arc::clone(&heard);
        talking.spawn(async move {
            let (count, enough) = &*heard;
            ledger
                .talk(|| {
                    if count.fetch_add(1, Ordering::Relaxed) == acks {
                        enough.notify_one();
                    }
                    true
                })
                .await;
            ledger
        });
    }
    heard.1.notified().await;
    server.kill().await;
    talking.join_all().await
}
