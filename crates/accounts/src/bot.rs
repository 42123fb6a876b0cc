//! Bots: users that are programs. A plugin acts as its own, with a session that has no token.

use teahouse_protocol::{DisplayName, SessionId, Timestamp, UserId};
use teahouse_store::entity::user;
use teahouse_store::users::{self, ProfileUpdate};
use teahouse_store::{Error as StoreError, identities};

use crate::accounts::commit;
use crate::newcomer::{Provider, new_identity, new_user};
use crate::profile::AvatarUrl;
use crate::session::Facts;
use crate::token::Token;
use crate::{AccountEvent, Accounts, Error, Session};

/// When a bot's session ends: never, as far as calendars go.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The user that a plugin acts as.
#[derive(Clone, Debug)]
pub struct BotUser {
    /// The plugin's id, by which its user is found again.
    pub plugin: String,
    /// What it is called now.
    pub name: DisplayName,
    /// Its picture; absent leaves the one that is known.
    pub avatar: Option<AvatarUrl>,
}

impl Accounts {
    /// A session of the user that a plugin acts as, who is made on first sight and takes the name and picture that
    /// `bot` gives. The session is in this node's memory alone, never expires, and has no token: nothing that comes over
    /// the wire proves it. It lasts as long as somebody holds it.
    ///
    /// # Errors
    /// [`Error::Banned`] when the user is; [`Error::Store`].
    pub async fn bot(&self, bot: &BotUser) -> Result<Session, Error> {
        let (row, changed) = match self.try_bot(bot).await {
            // Another node made the same user at the same moment: this time they are found.
            Err(Error::Store(StoreError::Conflict(_))) => self.try_bot(bot).await?,
            other => other?,
        };
        if row.banned_at_ms.is_some() {
            return Err(Error::Banned);
        }
        if changed {
            let user = UserId::from_uuid(row.id);
            self.announce_user(&row, AccountEvent::UserChanged { user }).await;
        }
        Ok(self.0.live.adopt(self.tokenless(&row), &row))
    }

    /// The bot's row, and whether its profile changed.
    async fn try_bot(&self, bot: &BotUser) -> Result<(user::Model, bool), Error> {
        let tx = self.0.db.begin().await?;
        let known = identities::find_by_subject(&tx, Provider::Plugin.as_str(), "", &bot.plugin).await?;
        let Some(identity) = known else {
            let avatar = bot.avatar.as_ref().map(|avatar| avatar.as_str().to_owned());
            let row = new_user(bot.name.as_str().to_owned(), avatar, Provider::Plugin, self.now());
            users::insert(&tx, row.clone()).await?;
            let identity = new_identity(row.id, Provider::Plugin, "", &bot.plugin, self.now());
            identities::insert(&tx, identity).await?;
            commit(tx).await?;
            return Ok((row, false));
        };
        let id = UserId::from_uuid(identity.user_id);
        let before = users::find(&tx, id).await?;
        users::update_profile(&tx, id, profile_update(bot)).await?;
        let row = users::find(&tx, id).await?.ok_or(Error::UserNotFound)?;
        commit(tx).await?;
        let changed = before.as_ref() != Some(&row);
        Ok((row, changed))
    }

    /// A session that no row stands behind. Its token is thrown away unseen, so that nobody can show it.
    fn tokenless(&self, row: &user::Model) -> Facts {
        Facts {
            id: SessionId::generate(),
            user_id: UserId::from_uuid(row.id),
            identity_id: None,
            token_hash: Token::generate().hash(),
            extended_at: self.now(),
            expires_at: NEVER,
        }
    }
}

fn profile_update(bot: &BotUser) -> ProfileUpdate {
    ProfileUpdate {
        name: Some(bot.name.as_str().to_owned()),
        avatar: bot.avatar.as_ref().map(|avatar| Some(avatar.as_str().to_owned())),
    }
}
