//! Runs one test on one database: starts its server, gives it to the test, and sees to the end of both.

use std::future::Future;
use std::time::Duration;

use crate::{Engine, Settings, TestServer};

/// A test that takes longer hangs. The longest (the crash tests) need a minute on two cores.
const DEADLINE: Duration = Duration::from_secs(400);

/// Runs `test` with a server of its own. What `#[server_test]` expands to.
///
/// # Panics
/// When the server does not start, or the test fails or does not end.
pub fn run<Test, Running>(engine: Engine, adjust: fn(Settings) -> Settings, test: Test)
where
    Test: FnOnce(TestServer) -> Running,
    Running: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for the test");
    runtime.block_on(async {
        let server = TestServer::start(engine, adjust(Settings::default())).await;
        tokio::time::timeout(DEADLINE, test(server)).await.expect("the test hangs");
    });
}
