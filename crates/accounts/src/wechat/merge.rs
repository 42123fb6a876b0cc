//! Two users who turn out to be one person: WeChat told a unionid late (docs/adr/0010).

use sea_orm::DatabaseTransaction;
use serde_json::json;
use teahouse_protocol::{SessionId, Timestamp, UserId};
use teahouse_store::audit::{self, Act};
use teahouse_store::{identities, outbox, server_bans, sessions, users};

use crate::{AccountEvent, Accounts, Ban, Error, SessionEnd};

/// The kind of the job that follows a merge. Its payload is `{"from": UserId, "into": UserId}`; who keeps things by
/// user (memberships, read cursors) moves them. Doing it twice must do no harm.
pub const USERS_MERGED: &str = "users_merged";

/// A merge that is yet to be made known.
pub(super) struct Merged {
    from: UserId,
    into: UserId,
    /// The sessions of `from`.
    ended: Vec<SessionId>,
}

impl Accounts {
    /// Makes `into` the user of all identities of `from`, and ends the sessions of `from`. The row of `from` and all that
    /// hangs on it stays: messages keep their sender, and a job moves what should follow.
    pub(super) async fn merge(
        &self,
        tx: &DatabaseTransaction,
        from: UserId,
        into: UserId,
    ) -> Result<Merged, Error> {
        let now = self.now();
        identities::reassign(tx, from, into).await?;
        let ended = sessions::delete_of_user(tx, from, None).await?;
        // Nobody sheds a ban by being two.
        if let Some(ban) = self.longer_ban(tx, from, into).await? {
            server_bans::set(tx, into, Some(ban)).await?;
        }
        let detail = json!({ "from": from, "into": into });
        let job = outbox::new_row(USERS_MERGED, detail.to_string(), now, now);
        outbox::insert(tx, vec![job]).await?;
        let act = Act {
            actor: None,
            action: "user.merged",
            target_kind: "user",
            target_id: from.to_string(),
            detail,
        };
        audit::append(tx, now, act).await?;
        Ok(Merged { from, into, ended })
    }

    /// The ban of `from` where it outlasts the one of `into`.
    async fn longer_ban(
        &self,
        tx: &DatabaseTransaction,
        from: UserId,
        into: UserId,
    ) -> Result<Option<Ban>, Error> {
        let in_force = async |user| -> Result<Option<Ban>, Error> {
            let row = users::find(tx, user).await?;
            Ok(row.as_ref().and_then(Ban::of).filter(|ban| ban.holds(self.now())))
        };
        let end = |ban: &Ban| ban.until.map_or(i64::MAX, Timestamp::millis);
        let before = in_force(into).await?.as_ref().map(end);
        Ok(in_force(from).await?.filter(|ban| Some(end(ban)) > before))
    }

    /// After the commit.
    pub(super) async fn announce_merge(&self, merged: &Merged) {
        let Merged { from, into, ended } = merged;
        self.announce_end(*from, ended, SessionEnd::Merged).await;
        self.0.events.publish(AccountEvent::UsersMerged { from: *from, into: *into }).await;
    }
}
