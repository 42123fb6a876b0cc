//! Users of the business that runs this server: its own server vouches for them with an API key.

use teahouse_protocol::{DisplayName, FieldError, TextError, UserId};
use teahouse_store::entity::user;
use teahouse_store::identities;
use teahouse_store::users::{self, ProfileUpdate};

use crate::accounts::commit;
use crate::newcomer::{Provider, new_identity, new_user, numbered_name};
use crate::profile::AvatarUrl;
use crate::sessions::Issued;
use crate::{AccountEvent, Accounts, Device, Error, NewSession};

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
    /// replace those that are known.
    ///
    /// # Errors
    /// [`Error::ApiKeyInvalid`]; [`Error::KeyScope`] for a key that is for something else; [`Error::Banned`] when the
    /// user is.
    pub async fn mint(
        &self,
        api_key: &str,
        user: ExternalUser,
        device: &Device,
    ) -> Result<NewSession, Error> {
        self.require_users_key(api_key).await?;
        self.mint_as_operator(user, device).await
    }

    /// As [`Accounts::mint`], for who needs no key: the operator at the command line.
    ///
    /// # Errors
    /// [`Error::Banned`] when the user is.
    pub async fn mint_as_operator(&self, user: ExternalUser, device: &Device) -> Result<NewSession, Error> {
        let (issued, changed) = match self.try_mint(&user, device).await {
            // Another call made the same user at the same moment: this time they are found.
            Err(Error::Store(teahouse_store::Error::Conflict(_))) => self.try_mint(&user, device).await?,
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
        device: &Device,
    ) -> Result<(Issued, Option<user::Model>), Error> {
        let tx = self.0.db.begin().await?;
        let known =
            identities::find_by_subject(&tx, Provider::External.as_str(), "", &user.external_id.0).await?;
        let (identity_id, row, changed) = match known {
            Some(identity) => {
                let id = UserId::from_uuid(identity.user_id);
                let before = users::find(&tx, id).await?;
                users::update_profile(&tx, id, profile_update(user)).await?;
                let row = users::find(&tx, id).await?.ok_or(Error::UserNotFound)?;
                let changed = before.as_ref() != Some(&row);
                (identity.id, row, changed)
            }
            None => {
                let (identity, row) = self.newcomer(user);
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

    fn newcomer(&self, user: &ExternalUser) -> (teahouse_store::entity::identity::Model, user::Model) {
        let now = self.now();
        let name = user.name.clone().map_or_else(|| numbered_name("用户"), DisplayName::into_string);
        let avatar = user.avatar.as_ref().map(|avatar| avatar.as_str().to_owned());
        let row = new_user(name, avatar, Provider::External, now);
        (new_identity(row.id, Provider::External, "", &user.external_id.0, now), row)
    }
}

fn profile_update(user: &ExternalUser) -> ProfileUpdate {
    ProfileUpdate {
        name: user.name.clone().map(DisplayName::into_string),
        avatar: user.avatar.as_ref().map(|avatar| Some(avatar.as_str().to_owned())),
    }
}
