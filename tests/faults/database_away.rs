//! The database is gone for a while, under load.

use std::time::Duration;

use teahouse_tests::{PATIENCE, Settings, TestServer, server_test};
use tokio::task::JoinSet;

use super::ledger::{Ledger, whole_log};

/// How long it is gone, and half of it again once that is noticed. The length is the subject: longer than the server waits
/// for a connection.
const OUTAGE: Duration = Duration::from_secs(10);

fn with_a_database_that_can_go(settings: Settings) -> Settings {
    settings.database_through_proxy().set("database.stalled_after_ms", 2_000)
}

/// Sends fail or wait, nothing acknowledged is lost, and the service returns by itself.
#[server_test(with_a_database_that_can_go)]
async fn a_database_that_goes_and_comes_back_loses_nothing(server: TestServer) {
    let owner = server.person("owner").await;
    let room = owner.public_room("storm").await;
    let mut ledgers = Vec::new();
    for number in 0..5 {
        ledgers.push(Ledger::open(server.guest(&format!("g{number}")).await, &room).await);
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut talking = JoinSet::new();
    for mut ledger in ledgers {
        let stopped = stopped.clone();
        talking.spawn(async move {
            while !*stopped.borrow() {
                let goes_on = || !*stopped.borrow();
                ledger.talk(goes_on).await;
            }
            ledger
        });
    }
    let mut watcher = owner.connect().await;
    watcher.join(&room).await;
    watcher.event("msg").await;
    let away = server.take_database_away().await;
    // Also where reading works, as beside somebody who holds SQLite's write lock.
    let down = tokio::time::timeout(PATIENCE, until_not_ready(&server)).await;
    down.expect("/readyz says that nothing is written");
    // The rest of the outage, with the senders still at it.
    let rest = tokio::time::timeout(OUTAGE / 2, std::future::pending::<()>());
    rest.await.expect_err("it lasts");
    assert_eq!(server.get("/healthz").await.status, 200, "the process itself is well");
    away.give_back().await;
    until_ready(&server).await;
    // Talk goes on by itself: the owner, who was not among the senders, says something and hears the others.
    owner.say(&room, "the storm is over").await;
    stop.send_replace(true);
    let mut ledgers = talking.join_all().await;
    for _ in 0..2 {
        for ledger in &mut ledgers {
            ledger.catch_up().await;
        }
    }
    let log = whole_log(&owner, &room).await;
    for ledger in &ledgers {
        ledger.audit(&log);
        let wrong: Vec<_> = ledger.refusals.iter().filter(|code| *code != "unavailable").collect();
        assert!(wrong.is_empty(), "refused with {wrong:?}");
    }
}

async fn until_not_ready(server: &TestServer) {
    while server.get("/readyz").await.status == 200 {
        tokio::task::yield_now().await;
    }
    let answer = server.get("/readyz").await;
    let says_what = ["database", "writer"].iter().any(|check| answer.text.contains(check));
    assert!(answer.status == 200 || says_what, "it says what is not ready: {answer}");
}

async fn until_ready(server: &TestServer) {
    let ready = async {
        while server.get("/readyz").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ready).await.expect("the service returns by itself");
}
