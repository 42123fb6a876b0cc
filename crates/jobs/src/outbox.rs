//! Asking for a job, in the transaction that it follows from.

use std::sync::Arc;

use sea_orm::DatabaseTransaction;
use serde::Serialize;
use teahouse_protocol::{Clock, Timestamp};
use teahouse_store::entity::outbox;
use tokio::sync::Notify;
use uuid::Uuid;

/// Takes jobs. Clones wake the same runners.
#[derive(Clone)]
pub struct Outbox {
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
}

/// A job could not be asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The payload can't be written as JSON.
    #[error("the payload can't be written: {0}")]
    Payload(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] teahouse_store::Error),
}

impl Outbox {
    /// An outbox that dates jobs by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, wake: Arc::new(Notify::new()) }
    }

    /// Writes a job that begins when `due_at` has come, if `tx` is committed. Call [`Outbox::wake`] after the commit.
    ///
    /// # Errors
    /// [`EnqueueError`].
    pub async fn enqueue(
        &self,
        tx: &DatabaseTransaction,
        kind: &str,
        payload: &impl Serialize,
        due_at: Timestamp,
    ) -> Result<Uuid, EnqueueError> {
        let row = self.row(kind, payload, due_at)?;
        let id = row.id;
        teahouse_store::outbox::insert(tx, vec![row]).await?;
        Ok(id)
    }

    /// The row of a job, for those who write it together with rows of their own ([`teahouse_store::outbox::insert`]).
    ///
    /// # Errors
    /// [`EnqueueError::Payload`].
    pub fn row(
        &self,
        kind: &str,
        payload: &impl Serialize,
        due_at: Timestamp,
    ) -> Result<outbox::Model, EnqueueError> {
        let payload =
            serde_json::to_string(payload).map_err(|error| EnqueueError::Payload(error.to_string()))?;
        Ok(teahouse_store::outbox::new_row(kind, payload, self.clock.now(), due_at))
    }

    /// Tells this node's runner that there may be something to do. Costs next to nothing, however often it is called.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits for [`Outbox::wake`]; at once if it was called since the last time.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
