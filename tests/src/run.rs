//! Runs one test on one database: starts its server, gives it to the test, and sees to the end of both.

use std::future::Future;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::{Engine, Settings, TestServer};

/// A test that takes longer hangs. The longest (the crash tests) need a minute on two cores.
const DEADLINE: Duration = Duration::from_secs(400);

/// Held by every test: by many at once, or by one alone. A test that failed did no harm to the next.
static MACHINE: RwLock<()> = RwLock::new(());

/// Runs `test` with a server of its own. What `#[server_test]` expands to.
///
/// # Panics
/// When the server does not start, or the test fails or does not end.
pub fn run<Test, Running>(engine: Engine, adjust: fn(Settings) -> Settings, test: Test)
where
    Test: FnOnce(TestServer) -> Running,
    Running: Future<Output = ()>,
{
    let settings = adjust(Settings::default());
    let (_alone, _beside_others) = if settings.alone {
        (Some(MACHINE.write().unwrap_or_else(PoisonError::into_inner)), None)
    } else {
        (None, Some(MACHINE.read().unwrap_or_else(PoisonError::into_inner)))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for the test");
    runtime.block_on(async {
        let server = TestServer::start(engine, settings).await;
        tokio::time::timeout(DEADLINE, test(server)).await.expect("the test hangs");
    });
}
