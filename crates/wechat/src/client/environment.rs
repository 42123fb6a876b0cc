//! What the client takes from the world beside the network: time and chance.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The clock that access tokens age by.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Instant;
}

/// The chance that spreads retries and refreshes, so that servers which failed together don't return together.
pub trait Jitter: Send + Sync {
    /// A span between nothing and `most`.
    fn up_to(&self, most: Duration) -> Duration;
}

/// Clock and chance of one client.
#[derive(Clone)]
pub struct Environment {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The chance.
    pub jitter: Arc<dyn Jitter>,
}

/// The system's monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// Spans of even likelihood.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomJitter;

impl Default for Environment {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), jitter: Arc::new(RandomJitter) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Jitter for RandomJitter {
    fn up_to(&self, most: Duration) -> Duration {
        most.mul_f64(rand::random::<f64>())
    }
}
