//! The clock of running calls: a thread that moves the engine's epoch each millisecond while a call runs, looks less
//! often between calls, and sleeps when there are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::EngineWeak;

use crate::error::HostError;

/// The measure of running time.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// How long the thread waits after a look that met no call. Calls are mostly through in microseconds, and each look takes
/// the core from somebody: one that lasts is met a millisecond later, and ticked as before from then on.
const LOOK: Duration = Duration::from_millis(2);
/// Looks without a call before the thread sleeps: calls that follow each other closely needn't wake it each time.
const IDLE_LOOKS: u32 = 25;
/// How long it sleeps at most: then it looks whether the engine still lives.
const NAP: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Debug, Default)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    stopped: AtomicBool,
}

/// Time counts while it lives.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Ticker);

impl Ticker {
    pub(crate) fn start(engine: EngineWeak) -> Result<Self, HostError> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("plugin-ticker".to_owned())
            .spawn(move || theirs.tick(&engine))
            .map_err(HostError::Ticker)?
            .thread()
            .clone();
        Ok(Self { shared, thread })
    }

    /// Time counts from now on, until what it returns is dropped.
    pub(crate) fn run(&self) -> Running<'_> {
        // Sequentially consistent, as are the thread's own steps: either it sees this call, or we see it asleep.
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.shared.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Shared {
    fn tick(&self, engine: &EngineWeak) {
        let mut idle = 0;
        while !self.stopped.load(Ordering::SeqCst) {
            thread::sleep(if idle == 0 { TICK } else { LOOK });
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
            drop(engine);
            idle = if self.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
            if idle >= IDLE_LOOKS {
                self.sleep();
                idle = 0;
            }
        }
    }

    fn sleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
        if self.running.load(Ordering::SeqCst) == 0 && !self.stopped.load(Ordering::SeqCst) {
            thread::park_timeout(NAP);
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}
