//! One test, on one database or the other.

use std::future::Future;

use crate::{Engine, TestDatabase};

/// What a test plays in.
pub trait Fixture: Sized {
    /// Everything as it is when the test begins.
    fn new(database: &TestDatabase) -> impl Future<Output = Self>;
}

/// Runs `test` in a fixture with a database of its own. What [`on_both!`](crate::on_both) expands to; where no
/// PostgreSQL is named, there is nothing to run on it.
///
/// # Panics
/// When the database can't be made, or the test fails.
pub async fn run<F, Test, Running>(engine: Engine, test: Test)
where
    F: Fixture,
    Test: FnOnce(F) -> Running,
    Running: Future<Output = ()>,
{
    let Some(database) = TestDatabase::create(engine).await else { return };
    test(F::new(&database).await).await;
    database.remove().await;
}

/// Writes each test once, and runs it on both databases.
#[macro_export]
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($($argument:tt)*) $body:block)+) => {
        $($(#[$doc])* async fn $name($($argument)*) $body)+

        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::run($crate::Engine::Sqlite, super::$name).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::run($crate::Engine::Postgres, super::$name).await;
            })+
        }
    };
}
