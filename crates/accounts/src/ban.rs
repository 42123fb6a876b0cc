//! Bans from the whole server.

use serde_json::{Value, json};
use teahouse_protocol::{FieldError, Timestamp, UserId};
use teahouse_store::audit::{self, Act};
use teahouse_store::entity::user;
use teahouse_store::{server_bans, users};

use crate::accounts::commit;
use crate::{AccountEvent, Accounts, By, Error};

pub use teahouse_store::server_bans::Ban;

/// What somebody is banned for: 1 to 500 characters, none of them a control character. For those who run the server;
/// the banned are not shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanReason(String);

impl BanReason {
    /// The most characters.
    pub const MAX_CHARS: usize = 500;

    /// Takes `text` as a reason.
    ///
    /// # Errors
    /// A [`FieldError`] that names `reason`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().count());
        if fits && !text.contains(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        let rule = format!("must have 1 to {} characters, none of them a control character", Self::MAX_CHARS);
        Err(FieldError::new("reason", rule))
    }
}

impl Accounts {
    /// Bans the user from the server, until `until` or for good: no sign-in, no request, and connections close on every
    /// node. A ban that is there is replaced. Who may is the caller's question.
    ///
    /// # Errors
    /// [`Error::UserNotFound`]; [`Error::InvalidField`] when `until` is over already.
    pub async fn ban(
        &self,
        by: &By,
        user: UserId,
        until: Option<Timestamp>,
        reason: Option<BanReason>,
    ) -> Result<(), Error> {
        let at = self.now();
        if until.is_some_and(|until| until <= at) {
            return Err(FieldError::new("until", "must lie in the future").into());
        }
        let ban = Ban { at, until, reason: reason.map(|reason| reason.0) };
        let detail = json!({ "by": by.to_string(), "until": ban.until, "reason": ban.reason });
        self.set_ban(by, user, Some(ban), detail).await
    }

    /// Lifts the ban. Sessions that have not expired meanwhile are good again.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn unban(&self, by: &By, user: UserId) -> Result<(), Error> {
        self.set_ban(by, user, None, json!({ "by": by.to_string() })).await
    }

    async fn set_ban(&self, by: &By, user: UserId, ban: Option<Ban>, detail: Value) -> Result<(), Error> {
        let act = Act {
            actor: by.user(),
            action: if ban.is_some() { "user.banned" } else { "user.unbanned" },
            target_kind: "user",
            target_id: user.to_string(),
            detail,
        };
        let tx = self.0.db.begin().await?;
        if !server_bans::set(&tx, user, ban).await? {
            return Err(Error::UserNotFound);
        }
        let row = users::find(&tx, user).await?.ok_or(Error::UserNotFound)?;
        audit::append(&tx, self.now(), act).await?;
        commit(tx).await?;
        self.announce_ban(&row).await;
        Ok(())
    }

    /// Makes known whether the user is banned: to holders of their sessions here, then to everybody.
    pub(crate) async fn announce_ban(&self, row: &user::Model) {
        let user = UserId::from_uuid(row.id);
        let event = match is_banned(row, self.now()) {
            true => AccountEvent::UserBanned { user },
            false => AccountEvent::UserChanged { user },
        };
        self.announce_user(row, event).await;
    }
}

/// Whether the user may not be here at `now`.
pub(crate) fn is_banned(row: &user::Model, now: Timestamp) -> bool {
    Ban::of(row).is_some_and(|ban| ban.holds(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_line_of_text() {
        assert_eq!(BanReason::parse("广告 spam").unwrap(), BanReason("广告 spam".to_owned()));
        for wrong in ["", "two\nlines", &"茶".repeat(BanReason::MAX_CHARS + 1)] {
            assert_eq!(BanReason::parse(wrong).unwrap_err().field, "reason", "{wrong}");
        }
        assert!(BanReason::parse(&"茶".repeat(BanReason::MAX_CHARS)).is_ok());
    }
}
