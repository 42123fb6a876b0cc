//! Forgetting what has had its time.

use crate::idempotency::KEPT_FOR;
use crate::{Accounts, Error};

/// What a sweep took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Expired sessions.
    pub sessions: u64,
    /// Answers to requests with an idempotency key.
    pub answers: u64,
}

impl Accounts {
    /// Deletes expired sessions and old answers. To be called now and then, such as once an hour; nothing depends on
    /// when.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sweep(&self) -> Result<Swept, Error> {
        let (writer, now) = (self.0.db.writer(), self.now());
        Ok(Swept {
            sessions: teahouse_store::sessions::delete_expired(writer, now).await?,
            answers: teahouse_store::idempotency::delete_before(writer, now - KEPT_FOR).await?,
        })
    }
}
