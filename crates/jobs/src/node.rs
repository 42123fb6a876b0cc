//! This process among those that share the database: it says that it lives, and frees what the dead had taken.

use std::time::Duration;

use teahouse_protocol::NodeId;
use teahouse_store::nodes::{Company, Presence};
use teahouse_store::{Db, Error};
use tokio_util::sync::CancellationToken;

use crate::outbox::Outbox;

/// How often it looks whether all others still live. So long, at most, what a killed node had begun stays undone.
const LOOK: Duration = Duration::from_secs(1);

/// This process among those that share the database.
pub struct Node {
    presence: Presence,
    outbox: Outbox,
}

impl Node {
    /// Takes a place among those that share the database, and frees what the dead had taken: a node that was killed and
    /// is started again goes on at once.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn enter(db: &Db, outbox: Outbox, company: Company) -> Result<Self, Error> {
        let presence = Presence::enter(db, NodeId::generate(), company, outbox.now()).await?;
        presence.bury_dead(outbox.now()).await?;
        Ok(Self { presence, outbox })
    }

    /// By what others know it: with its leases.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.presence.id()
    }

    /// Keeps its place until `stop`, and looks each second who is gone. Then it gives the place up: to be stopped last,
    /// after all that takes leases.
    pub async fn watch(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "whether other nodes live can't be told now");
            }
        }
        let now = self.outbox.now();
        if let Err(error) = self.presence.leave(now).await {
            tracing::warn!(%error, "this node's place was not given up: others find it empty");
        }
    }

    async fn look(&mut self) -> Result<(), Error> {
        let now = self.outbox.now();
        self.presence.keep(now).await?;
        if self.presence.bury_dead(now).await? > 0 {
            self.outbox.wake();
        }
        Ok(())
    }
}
