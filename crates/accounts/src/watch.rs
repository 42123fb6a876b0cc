//! Notices bans that another process made: another node, or a command beside this server.

use std::time::Duration;

use teahouse_protocol::UserId;
use teahouse_store::{PageSize, server_bans, users};
use tokio_util::sync::CancellationToken;

use crate::{Accounts, Error};

/// One look reads one row. Whoever bans somebody waits for no longer than this.
const EVERY: Duration = Duration::from_secs(1);
/// Changes read at once; more follow in the same round.
const AT_ONCE: PageSize = PageSize::capped(100);

/// Looks again and again for bans that changed, and makes them known on this node.
pub struct BanWatch {
    accounts: Accounts,
    /// The generation up to which all is known.
    seen: i64,
    /// Those of the round before, who are looked at once more: a sign-in that read its user before the ban may have
    /// been done after it.
    recent: Vec<UserId>,
}

impl BanWatch {
    /// Begins: every ban from here on is noticed. What was before everybody reads who signs somebody in.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn begin(accounts: &Accounts) -> Result<Self, Error> {
        let seen = server_bans::generation(accounts.0.db.conn()).await?;
        Ok(Self { accounts: accounts.clone(), seen, recent: Vec::new() })
    }

    /// Looks each second, until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut fails = false;
        while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            let looked = self.look().await;
            // Said once: that the database is away is told elsewhere too.
            if let (Err(error), false) = (&looked, fails) {
                tracing::warn!(%error, "bans of other nodes can't be read; will try again");
            }
            fails = looked.is_err();
        }
    }

    async fn look(&mut self) -> Result<(), Error> {
        let conn = self.accounts.0.db.conn();
        let newest = server_bans::generation(conn).await?;
        if !self.recent.is_empty() {
            for row in users::find_many(conn, &self.recent).await? {
                self.accounts.announce_ban(&row).await;
            }
            self.recent.clear();
        }
        while self.seen < newest {
            let rows = server_bans::changed_since(conn, self.seen, AT_ONCE).await?;
            // Whoever was changed again meanwhile has a newer generation, and comes later.
            self.seen = rows.last().and_then(|row| row.ban_generation).unwrap_or(newest);
            for row in &rows {
                self.accounts.announce_ban(row).await;
                self.recent.push(UserId::from_uuid(row.id));
            }
        }
        Ok(())
    }
}
