//! What waits and what was given up, for those who watch.

use teahouse_protocol::Timestamp;
use teahouse_store::{Db, Error, outbox};
use uuid::Uuid;

/// How much is in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs that wait, for a node or for their time, or are under way.
    pub waiting: u64,
    /// Jobs that were given up.
    pub dead: u64,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadJob {
    /// Which job; the cursor of the next page.
    pub id: Uuid,
    /// What sort of job.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i16,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// How much is in the outbox.
///
/// # Errors
/// As the database fails.
pub async fn counts(db: &Db) -> Result<Counts, Error> {
    let (waiting, dead) = (outbox::count_waiting(db.conn()).await?, outbox::count_dead(db.conn()).await?);
    Ok(Counts { waiting, dead })
}

/// The jobs that were given up, oldest first, after the one named `after`.
///
/// # Errors
/// As the database fails.
pub async fn page_dead(db: &Db, after: Option<Uuid>, limit: u16) -> Result<Vec<DeadJob>, Error> {
    let rows = outbox::page_dead(db.conn(), after, limit.into()).await?;
    let dead = rows.into_iter().map(|row| DeadJob {
        id: row.id,
        kind: row.kind,
        attempts: row.attempts,
        dead_at: row.dead_at_ms.map(Timestamp::from_millis),
        last_error: row.last_error,
    });
    Ok(dead.collect())
}
