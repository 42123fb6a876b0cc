//! Users of the business that runs this server: its own server vouches for them with an API key.

use std::collections::HashSet;

use sea_orm::ConnectionTrait;
use teahouse_protocol::{DisplayName, FieldError, TextError, UserId};
use teahouse_store::entity::{identity, user};
use teahouse_store::identities;
use teahouse_store::users::{self, ProfileUpdate};

use crate::accounts::commit;
use crate::newcomer::{Provider, new_identity, new_user, numbered_name};
use crate::profile::AvatarUrl;
use crate::sessions::Issued;
use crate::{AccountEvent, Accounts, BusinessKey, Device, Error, NewSession};

/// A business's own id of its user: 1 to 128 characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId(String);

/// A user as the business knows them.
#[derive(Clone, Debug)]
pub struct ExternalUser {
    /// The business's own id.
    pub external_id: ExternalId,
    /// Their name; absent leaves the one that is known.
    pub name: Option<DisplayName>,
    /// Their picture; absent leaves the one that is known.
    pub avatar: Option<AvatarUrl>,
}

impl ExternalId {
    const MAX_CHARS: usize = 128;

    /// Takes `text` as the id.
    ///
    /// # Errors
    /// A [`FieldError`] that names `external_id`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let wrong = |error| Err(FieldError::new("external_id", error));
        if text.is_empty() {
            return wrong(TextError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return wrong(TextError::TooLong { max: Self::MAX_CHARS });
        }
        if text.chars().any(char::is_control) {
            return wrong(TextError::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Accounts {
    /// A session for a business's own user, who is made on first sight. The business is believed: its name and picture
    /// replace those that are known. A name that may not be taken is left out: the user keeps the one they have, and who
    /// is new is called 用户 and a number.
    ///
    /// # Errors
    /// [`Error::Banned`] when the user is.
    pub async fn mint(
        &self,
        _: &BusinessKey,
        user: ExternalUser,
        device: &Device,
    ) -> Result<NewSession, Error> {
        let newcomer = self.newcomer(&user);
        // Before the transaction, which must not wait for it.
        let name = self.name_of(&user, &newcomer).await?;
        let user = ExternalUser { name, ..user };
        self.begin_minted(&user, newcomer, device).await
    }

    /// As [`Accounts::mint`], for who needs no key: the operator at the command line, whose word for a name is enough.
    ///
    /// # Errors
    /// [`Error::Banned`] when the user is.
    pub async fn mint_as_operator(&self, user: ExternalUser, device: &Device) -> Result<NewSession, Error> {
        let newcomer = self.newcomer(&user);
        self.begin_minted(&user, newcomer, device).await
    }

    /// The name to take: the one that the user has, without asking, and none that may not be taken.
    async fn name_of(
        &self,
        user: &ExternalUser,
        newcomer: &user::Model,
    ) -> Result<Option<DisplayName>, Error> {
        let Some(name) = user.name.clone() else { return Ok(None) };
        let conn = self.0.db.conn();
        let known = find_identity(conn, user).await?;
        let known = match known {
            Some(known) => users::find(conn, UserId::from_uuid(known.user_id)).await?,
            None => None,
        };
        match known {
            Some(known) if known.name == name.as_str() => Ok(Some(name)),
            known => self.settle_name(known.as_ref().unwrap_or(newcomer), name).await,
        }
    }

    /// Those of `users` whom a business vouches for.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn users_of_business(&self, users: &[UserId]) -> Result<HashSet<UserId>, Error> {
        Ok(identities::users_at(self.0.db.conn(), Provider::External.as_str(), users).await?)
    }

    async fn begin_minted(
        &self,
        user: &ExternalUser,
        newcomer: user::Model,
        device: &Device,
    ) -> Result<NewSession, Error> {
        let (issued, changed) = match self.try_mint(user, &newcomer, device).await {
            // Another call made the same user at the same moment: this time they are found.
            Err(Error::Store(teahouse_store::Error::Conflict(_))) => {
                self.try_mint(user, &newcomer, device).await?
            }
            other => other?,
        };
        if let Some(row) = changed {
            let user = UserId::from_uuid(row.id);
            self.announce_user(&row, AccountEvent::UserChanged { user }).await;
        }
        self.admit(issued).await
    }

    /// The session, and the user's row if their profile changed.
    async fn try_mint(
        &self,
        user: &ExternalUser,
        newcomer: &user::Model,
        device: &Device,
    ) -> Result<(Issued, Option<user::Model>), Error> {
        let tx = self.0.db.begin().await?;
        let (identity_id, row, changed) = match find_identity(&tx, user).await? {
            Some(identity) => {
                let id = UserId::from_uuid(identity.user_id);
                let before = users::find(&tx, id).await?;
                users::update_profile(&tx, id, profile_update(user)).await?;
                let row = users::find(&tx, id).await?.ok_or(Error::UserNotFound)?;
                let changed = before.as_ref() != Some(&row);
                (identity.id, row, changed)
            }
            None => {
                let row = named(newcomer, user);
                let subject = &user.external_id.0;
                let identity = new_identity(row.id, Provider::External, "", subject, self.now());
                users::insert(&tx, row.clone()).await?;
                let id = identity.id;
                identities::insert(&tx, identity).await?;
                (id, row, false)
            }
        };
        let issued = self.issue(&tx, row.clone(), Some(identity_id), device).await?;
        commit(tx).await?;
        Ok((issued, changed.then_some(row)))
    }

    /// Who the user is made if nobody knows them, before they have a name of their own.
    fn newcomer(&self, user: &ExternalUser) -> user::Model {
        let avatar = user.avatar.as_ref().map(|avatar| avatar.as_str().to_owned());
        new_user(numbered_name("用户"), avatar, Provider::External, self.now())
    }
}

fn named(newcomer: &user::Model, user: &ExternalUser) -> user::Model {
    let name = user.name.as_ref().map_or_else(|| newcomer.name.clone(), |name| name.as_str().to_owned());
    user::Model { name, ..newcomer.clone() }
}

async fn find_identity(
    conn: &impl ConnectionTrait,
    user: &ExternalUser,
) -> Result<Option<identity::Model>, Error> {
    Ok(identities::find_by_subject(conn, Provider::External.as_str(), "", &user.external_id.0).await?)
}

fn profile_update(user: &ExternalUser) -> ProfileUpdate {
    ProfileUpdate {
        name: user.name.clone().map(DisplayName::into_string),
        avatar: user.avatar.as_ref().map(|avatar| Some(avatar.as_str().to_owned())),
    }
}
