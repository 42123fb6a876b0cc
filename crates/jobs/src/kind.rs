//! What a job is to the one who writes it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use teahouse_protocol::Timestamp;
use teahouse_store::entity::outbox;
use uuid::Uuid;

/// A sort of job. One file for each, beside the code whose work it does.
pub trait JobKind: Send + Sync + 'static {
    /// Its word in the database. It never changes: rows outlive programs.
    const NAME: &'static str;

    /// What a job of this kind is told.
    type Payload: DeserializeOwned + Send;

    /// Does the job. It may have been done before; doing it again must do no harm.
    ///
    /// It is dropped where it waits when it takes longer than three quarters of the lease.
    fn run(&self, job: Job<Self::Payload>) -> impl Future<Output = Result<(), Failure>> + Send;

    /// How often and how soon a failed job is tried again.
    fn retries(&self) -> Retries {
        Retries::default()
    }
}

/// A job at one of its attempts.
#[derive(Clone, Debug)]
pub struct Job<P> {
    /// Which job: the same at every attempt, so that its effect elsewhere can carry it as a key.
    pub id: Uuid,
    /// What it is told.
    pub payload: P,
    /// Which attempt this is, from 1.
    pub attempt: u16,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Why an attempt did not succeed. The texts are kept with the job: they hold no secrets and nothing people wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// To be tried again.
    #[error("{0}")]
    Retry(String),
    /// To be tried again, not sooner than that.
    #[error("{reason}")]
    RetryAfter {
        /// How long to wait at least.
        wait: Duration,
        /// What went wrong.
        reason: String,
    },
    /// Not to be tried again: it can't succeed.
    #[error("{0}")]
    GiveUp(String),
}

/// How often and how soon a failed job is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Attempts altogether, the first included; at least 1.
    pub attempts: u16,
    /// The wait after the first failure. It doubles with each.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Default for Retries {
    /// 12 attempts over about an hour.
    fn default() -> Self {
        Self { attempts: 12, first_wait: Duration::from_secs(1), longest_wait: Duration::from_secs(15 * 60) }
    }
}

impl Retries {
    /// The wait after failed attempt number `attempt` (from 1), of which `part` (0 to 1) of the later half is chance:
    /// what failed together does not return together.
    pub(crate) fn wait_after(self, attempt: u16, part: f64) -> Duration {
        let doublings = u32::from(attempt.saturating_sub(1)).min(31);
        let full = self.first_wait.saturating_mul(1 << doublings).min(self.longest_wait);
        full.mul_f64(0.5 + 0.5 * part.clamp(0.0, 1.0))
    }
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// A [`JobKind`] whose payload's type is forgotten.
pub(crate) trait AnyKind: Send + Sync + 'static {
    fn run_row(&self, row: outbox::Model) -> Running<'_>;
    fn retries(&self) -> Retries;
}

impl<K: JobKind> AnyKind for K {
    fn run_row(&self, row: outbox::Model) -> Running<'_> {
        Box::pin(async move {
            let payload = serde_json::from_str(&row.payload)
                .map_err(|error| Failure::GiveUp(format!("the payload can't be read: {error}")))?;
            let job = Job {
                id: row.id,
                payload,
                attempt: u16::try_from(row.attempts).unwrap_or(1),
                created_at: Timestamp::from_millis(row.created_at_ms),
            };
            self.run(job).await
        })
    }

    fn retries(&self) -> Retries {
        JobKind::retries(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_vary_by_half() {
        let retries = Retries::default();
        let [soonest, latest] = [0.0, 1.0].map(|part| (1..=12).map(move |n| retries.wait_after(n, part)));
        let latest: Vec<Duration> = latest.collect();
        assert_eq!(latest[..4], [1, 2, 4, 8].map(Duration::from_secs));
        assert_eq!(latest[11], Duration::from_secs(900));
        assert!(soonest.zip(&latest).all(|(soonest, latest)| soonest == *latest / 2));
        assert_eq!(retries.wait_after(u16::MAX, 1.0), Duration::from_secs(900));
    }
}
