//! Bans from the whole server.

use serde_json::json;
use teahouse_protocol::UserId;
use teahouse_store::audit::{self, Act};
use teahouse_store::users;

use crate::accounts::commit;
use crate::{AccountEvent, Accounts, Error};

impl Accounts {
    /// Bans the user from the server: no sign-in, no request, and connections close. Who may is the caller's question.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn ban(&self, by: Option<UserId>, user: UserId) -> Result<(), Error> {
        self.set_banned(by, user, true).await
    }

    /// Lifts the ban. Sessions that have not expired meanwhile are good again.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn unban(&self, by: Option<UserId>, user: UserId) -> Result<(), Error> {
        self.set_banned(by, user, false).await
    }

    async fn set_banned(&self, by: Option<UserId>, user: UserId, banned: bool) -> Result<(), Error> {
        let now = self.now();
        let act = Act {
            actor: by,
            action: if banned { "user.banned" } else { "user.unbanned" },
            target_kind: "user",
            target_id: user.to_string(),
            detail: json!({}),
        };
        let tx = self.0.db.begin().await?;
        users::set_banned_at(&tx, user, banned.then_some(now)).await?;
        let row = users::find(&tx, user).await?.ok_or(Error::UserNotFound)?;
        audit::append(&tx, now, act).await?;
        commit(tx).await?;
        let event =
            if banned { AccountEvent::UserBanned { user } } else { AccountEvent::UserChanged { user } };
        self.announce_user(&row, event).await;
        Ok(())
    }
}
