//! What those who run the server see of a user.

use teahouse_protocol::{Timestamp, UserId, UserProfile};
use teahouse_store::entity::identity;
use teahouse_store::{PageSize, identities, users};

use crate::person::profile_of;
use crate::{Accounts, Ban, Error, SessionInfo};

/// One person is seldom in more mini-programs.
const MOST_IDENTITIES: PageSize = PageSize::capped(50);

/// A user as those who run the server see them. No openid and nothing that signs in as them is in it.
#[derive(Clone, Debug)]
pub struct UserRecord {
    /// What everybody sees.
    pub profile: UserProfile,
    /// When they were here last, to within an hour.
    pub last_seen_at: Option<Timestamp>,
    /// The ban, while it is in force.
    pub ban: Option<Ban>,
    /// Where they come from: the oldest first, at most 50.
    pub identities: Vec<IdentityInfo>,
    /// Where they are signed in: newest first, at most 200.
    pub sessions: Vec<SessionInfo>,
}

/// Where a user comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityInfo {
    /// `wechat`, `guest` or `external`.
    pub provider: String,
    /// The mini-program, where it is one.
    pub app_id: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

impl Accounts {
    /// The record of a user. Who may see it is the caller's question.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn user_record(&self, user: UserId) -> Result<UserRecord, Error> {
        let conn = self.0.db.conn();
        let row = users::find(conn, user).await?.ok_or(Error::UserNotFound)?;
        let identities = identities::of_user(conn, user, MOST_IDENTITIES).await?;
        Ok(UserRecord {
            profile: profile_of(&row),
            last_seen_at: row.last_seen_at_ms.map(Timestamp::from_millis),
            ban: Ban::of(&row).filter(|ban| ban.holds(self.now())),
            identities: identities.into_iter().map(IdentityInfo::from).collect(),
            sessions: self.sessions_of(user).await?,
        })
    }
}

impl From<identity::Model> for IdentityInfo {
    fn from(row: identity::Model) -> Self {
        Self {
            provider: row.provider,
            app_id: Some(row.app_id).filter(|id| !id.is_empty()),
            created_at: Timestamp::from_millis(row.created_at_ms),
        }
    }
}
