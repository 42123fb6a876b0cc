//! Telling the database how jobs ended: done, to be tried again, or given up.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use teahouse_protocol::{Timestamp, cut};
use teahouse_store::entity::outbox;
use teahouse_store::{Error, outbox as rows};
use uuid::Uuid;

use super::lease_of;
use crate::kind::{Failure, Retries};

/// The most characters kept of why an attempt failed.
const MAX_REASON_CHARS: usize = 500;

/// An attempt that ended.
pub(super) struct Finished {
    row: outbox::Model,
    end: End,
}

enum End {
    Done,
    Retry { wait: Duration, reason: String },
    Dead { reason: String },
}

impl Finished {
    pub(super) fn new(row: outbox::Model, outcome: Result<(), Failure>, retries: Retries) -> Self {
        let attempt = u16::try_from(row.attempts).unwrap_or(u16::MAX);
        let end = match outcome {
            Ok(()) => End::Done,
            Err(Failure::GiveUp(reason)) => End::Dead { reason: shorten(&reason) },
            Err(failure) if attempt >= retries.attempts => {
                End::Dead { reason: shorten(&failure.to_string()) }
            }
            Err(failure) => {
                let wait = retries.wait_after(attempt, rand::random());
                let wait = match &failure {
                    Failure::RetryAfter { wait: least, .. } => wait.max(*least),
                    _ => wait,
                };
                End::Retry { wait, reason: shorten(&failure.to_string()) }
            }
        };
        let finished = Self { row, end };
        finished.log();
        finished
    }

    fn log(&self) {
        let (id, kind, attempt) = (self.row.id, self.row.kind.as_str(), self.row.attempts);
        match &self.end {
            End::Done => tracing::debug!(job.id = %id, job.kind = kind, attempt, "job done"),
            End::Retry { wait, reason } => {
                let wait_ms = wait.as_millis();
                tracing::warn!(job.id = %id, job.kind = kind, attempt, wait_ms, reason, "job failed and is tried again");
            }
            End::Dead { reason } => {
                tracing::error!(job.id = %id, job.kind = kind, attempt, reason, "job failed and was given up");
            }
        }
    }
}

/// Writes how these attempts ended.
pub(super) async fn settle(
    tx: &DatabaseTransaction,
    finished: &[Finished],
    now: Timestamp,
) -> Result<(), Error> {
    let is_done = |finished: &&Finished| matches!(finished.end, End::Done);
    let done: Vec<Uuid> = finished.iter().filter(is_done).map(|finished| finished.row.id).collect();
    rows::delete(tx, &done).await?;
    for Finished { row, end } in finished {
        match end {
            End::Done => {}
            End::Retry { wait, reason } => {
                rows::retry(tx, row.id, lease_of(row), now + *wait, reason).await?;
            }
            End::Dead { reason } => rows::bury(tx, row.id, lease_of(row), now, reason).await?,
        }
    }
    Ok(())
}

fn shorten(reason: &str) -> String {
    cut(&reason.replace('\0', ""), MAX_REASON_CHARS).to_owned()
}
