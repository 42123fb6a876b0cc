//! Forgetting what was decided long ago.

use teahouse_store::{held, reviews};

use crate::{Chat, Error};

/// What a sweep took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Held messages that were released or refused.
    pub held: u64,
    /// Closed reviews.
    pub reviews: u64,
}

impl Chat {
    /// Forgets what moderators decided longer ago than [`ChatConfig::decisions_kept_days`](crate::ChatConfig) says. To
    /// be called now and then, such as once an hour; nothing depends on when.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sweep_decisions(&self) -> Result<Swept, Error> {
        let Some(kept) = self.config().decisions_kept() else { return Ok(Swept::default()) };
        let (writer, before) = (self.db().writer(), self.now() - kept);
        Ok(Swept {
            held: held::delete_decided_before(writer, before).await?,
            reviews: reviews::delete_closed_before(writer, before).await?,
        })
    }
}
