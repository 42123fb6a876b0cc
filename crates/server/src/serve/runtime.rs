//! The tokio runtime, as many threads as the configuration asks for.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Runs `main` on `workers` threads. 0: one for each core. 1: this thread alone.
pub(crate) fn block_on(workers: usize, main: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    build(workers)?.block_on(main)
}

/// Runs a command that is done soon.
pub(crate) fn block_on_one_thread(main: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    block_on(1, main)
}

fn build(workers: usize) -> io::Result<Runtime> {
    match workers {
        0 => Builder::new_multi_thread().enable_all().build(),
        // Without a second thread there is nothing to hand over: what gathered meanwhile goes out in one write.
        1 => Builder::new_current_thread().enable_all().build(),
        more => Builder::new_multi_thread().worker_threads(more).enable_all().build(),
    }
}
