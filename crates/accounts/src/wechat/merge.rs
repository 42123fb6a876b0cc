//! Two users who turn out to be one person: WeChat told a unionid late (docs/adr/0010).

use sea_orm::DatabaseTransaction;
use serde_json::json;
use teahouse_protocol::{SessionId, UserId};
use teahouse_store::audit::{self, Act};
use teahouse_store::{identities, outbox, sessions, users};

use crate::{AccountEvent, Accounts, Error, SessionEnd};

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
        if users::find(tx, from).await?.is_some_and(|user| user.banned_at_ms.is_some()) {
            users::set_banned_at(tx, into, Some(now)).await?;
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

    /// After the commit.
    pub(super) async fn announce_merge(&self, merged: &Merged) {
        let Merged { from, into, ended } = merged;
        self.announce_end(*from, ended, SessionEnd::Merged).await;
        self.0.events.publish(AccountEvent::UsersMerged { from: *from, into: *into }).await;
    }
}
