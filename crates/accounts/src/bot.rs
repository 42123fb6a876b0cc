//! Bots: users that are programs. A plugin acts as its own, with a session that has no token.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use serde_json::json;
use teahouse_protocol::{DisplayName, SessionId, Timestamp, UserId, UserProfile};
use teahouse_store::entity::user;
use teahouse_store::users::{self, ProfileUpdate};
use teahouse_store::{Error as StoreError, identities, outbox};

use crate::accounts::commit;
use crate::ban::is_banned;
use crate::newcomer::{Provider, new_identity, new_user};
use crate::person::profile_of;
use crate::profile::AvatarUrl;
use crate::session::Facts;
use crate::token::Token;
use crate::{AccountEvent, Accounts, Error, Session};

/// When a bot's session ends: never, as far as calendars go.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The kind of the job that follows when a bot is deactivated. Its payload is `{"user": UserId}`; who keeps a place for the
/// bot takes it away, unless it is back. Doing it twice must do no harm.
pub const BOT_DEACTIVATED: &str = "bot_deactivated";

/// Every node has seen within this that the plugin is gone, and has the bot do nothing more.
const SEEN_WITHIN: Duration = Duration::from_secs(5);

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

/// Whose plugin takes an id that another had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publisher {
    /// The one of before.
    Same,
    /// Somebody else.
    Another,
}

impl Accounts {
    /// A session of the user that a plugin acts as, who is made on first sight and takes the name and picture that
    /// `bot` gives. The session is in this node's memory alone, never expires, and has no token: nothing that comes over
    /// the wire proves it. It lasts as long as somebody holds it.
    ///
    /// # Errors
    /// [`Error::Banned`] when the user is, [`Error::Deactivated`] likewise; [`Error::Store`].
    pub async fn bot(&self, bot: &BotUser) -> Result<Session, Error> {
        let (row, changed) = match self.try_bot(bot).await {
            // Another node made the same user at the same moment: this time they are found.
            Err(Error::Store(StoreError::Conflict(_))) => self.try_bot(bot).await?,
            other => other?,
        };
        if is_banned(&row, self.now()) {
            return Err(Error::Banned);
        }
        if row.deactivated_at_ms.is_some() {
            return Err(Error::Deactivated);
        }
        let user = UserId::from_uuid(row.id);
        if changed {
            self.announce_user(&row, AccountEvent::UserChanged { user }).await;
        } else {
            // It may be back since it was looked at last.
            self.0.profiles.forget(user);
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

    /// Has everybody who shows a bot look at it anew, and says what it is now; `None`: there is no such user. For the job
    /// that follows [`deactivate_bot`].
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn look_again(&self, user: UserId) -> Result<Option<UserProfile>, Error> {
        let Some(row) = users::find(self.0.db.conn(), user).await? else { return Ok(None) };
        self.announce_user(&row, AccountEvent::UserChanged { user }).await;
        Ok(Some(profile_of(&row)))
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

/// The bot of `plugin` does nothing more, and can't be reached; what it said stays under its name. A job takes it out of its
/// rooms a moment later, when every node has seen that the plugin is gone.
///
/// # Errors
/// When the database fails.
pub async fn deactivate_bot(
    tx: &DatabaseTransaction,
    plugin: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let known = identities::find_by_subject(tx, Provider::Plugin.as_str(), "", plugin).await?;
    let Some(identity) = known else { return Ok(()) };
    let user = UserId::from_uuid(identity.user_id);
    users::set_deactivated_at(tx, user, Some(now)).await?;
    let payload = json!({ "user": user }).to_string();
    let job = outbox::new_row(BOT_DEACTIVATED, payload, now, now + SEEN_WITHIN);
    outbox::insert(tx, vec![job]).await
}

/// A plugin is installed again: by the same publisher it takes its user back, by another it will have a new one, and what the
/// old one said stays the old one's.
///
/// # Errors
/// When the database fails.
pub async fn reactivate_bot(
    tx: &DatabaseTransaction,
    plugin: &str,
    publisher: Publisher,
) -> Result<(), StoreError> {
    let known = identities::find_by_subject(tx, Provider::Plugin.as_str(), "", plugin).await?;
    let Some(identity) = known else { return Ok(()) };
    match publisher {
        Publisher::Same => {
            users::set_deactivated_at(tx, UserId::from_uuid(identity.user_id), None).await?;
        }
        Publisher::Another => identities::delete(tx, identity.id).await?,
    }
    Ok(())
}

fn profile_update(bot: &BotUser) -> ProfileUpdate {
    ProfileUpdate {
        name: Some(bot.name.as_str().to_owned()),
        avatar: bot.avatar.as_ref().map(|avatar| Some(avatar.as_str().to_owned())),
    }
}
