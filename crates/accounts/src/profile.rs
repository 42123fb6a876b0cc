//! Profiles: one's own, to read and change, and everybody's, to read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use teahouse_protocol::{DisplayName, FieldError, Sender, UserId, UserProfile};
use teahouse_store::users::{self, ProfileUpdate};

use crate::accounts::commit;
use crate::person::{profile_of, sender_of};
use crate::{AccountEvent, Accounts, Error, Session};

/// Profiles remembered, for the senders of a room's history. About 300 bytes each.
const CAPACITY: u64 = 50_000;
/// A profile is believed for so long: another node may have changed it, and its word may be lost.
const BELIEVED_FOR: Duration = Duration::from_secs(30);

/// The address of a picture: http or https, at most 1024 characters, without white space and control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvatarUrl(String);

/// What of one's own profile changes. `None` leaves as is; the inner `None` takes the picture away.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The new name.
    pub name: Option<DisplayName>,
    /// The new picture.
    pub avatar: Option<Option<AvatarUrl>>,
}

pub(crate) struct ProfileCache {
    profiles: Cache<UserId, Arc<UserProfile>>,
}

impl AvatarUrl {
    const MAX_CHARS: usize = 1024;

    /// Takes `text` as the address.
    ///
    /// # Errors
    /// A [`FieldError`] that names `avatar`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_address = address.is_some_and(|rest| {
            !rest.is_empty() && !rest.contains(|char: char| char.is_whitespace() || char.is_control())
        });
        if is_address && text.chars().count() <= Self::MAX_CHARS {
            Ok(Self(text.to_owned()))
        } else {
            let rule = format!("must be an http or https address of at most {} characters", Self::MAX_CHARS);
            Err(FieldError::new("avatar", rule))
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ProfileCache {
    pub(crate) fn new() -> Self {
        Self { profiles: Cache::builder().max_capacity(CAPACITY).time_to_live(BELIEVED_FOR).build() }
    }

    pub(crate) fn forget(&self, user: UserId) {
        self.profiles.invalidate(&user);
    }
}

impl Accounts {
    /// The caller's own profile.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], which no open session's user is.
    pub async fn me(&self, caller: &Session) -> Result<UserProfile, Error> {
        let row = users::find(self.0.db.conn(), caller.user_id()).await?.ok_or(Error::UserNotFound)?;
        Ok(profile_of(&row))
    }

    /// Changes the caller's own profile, and tells everybody who shows it.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], which no open session's user is.
    pub async fn update_me(&self, caller: &Session, change: ProfileChange) -> Result<UserProfile, Error> {
        let update = ProfileUpdate {
            name: change.name.map(DisplayName::into_string),
            avatar: change.avatar.map(|avatar| avatar.map(|avatar| avatar.0)),
        };
        self.change_profile(caller.user_id(), update).await
    }

    /// Anybody's profile.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn profile(&self, _caller: &Session, user: UserId) -> Result<UserProfile, Error> {
        let found = self.read_profiles(&[user]).await?.pop();
        found.map(|profile| (*profile).clone()).ok_or(Error::UserNotFound)
    }

    /// How these users sign messages; those that don't exist are left out. Costs one query for all that were not
    /// asked for lately.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn profiles(&self, users: &[UserId]) -> Result<HashMap<UserId, Sender>, Error> {
        let profiles = self.read_profiles(users).await?;
        Ok(profiles.iter().map(|profile| (profile.id, sender_of(profile))).collect())
    }

    /// As [`Accounts::profiles`], with all that others see.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn full_profiles(&self, users: &[UserId]) -> Result<HashMap<UserId, UserProfile>, Error> {
        let profiles = self.read_profiles(users).await?;
        Ok(profiles.iter().map(|profile| (profile.id, (**profile).clone())).collect())
    }

    pub(crate) async fn change_profile(
        &self,
        user: UserId,
        update: ProfileUpdate,
    ) -> Result<UserProfile, Error> {
        let tx = self.0.db.begin().await?;
        users::update_profile(&tx, user, update).await?;
        let row = users::find(&tx, user).await?.ok_or(Error::UserNotFound)?;
        commit(tx).await?;
        self.announce_user(&row, AccountEvent::UserChanged { user }).await;
        Ok(profile_of(&row))
    }

    async fn read_profiles(&self, wanted: &[UserId]) -> Result<Vec<Arc<UserProfile>>, Error> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut missing = Vec::new();
        for user in wanted {
            let here = self.0.live.find_person(*user).map(|person| person.profile());
            match here.or_else(|| self.0.profiles.profiles.get(user)) {
                Some(profile) => found.push(profile),
                None => missing.push(*user),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let changes = self.0.live.changes();
        for row in users::find_many(self.0.db.conn(), &missing).await? {
            let profile = Arc::new(profile_of(&row));
            self.0.profiles.profiles.insert(profile.id, Arc::clone(&profile));
            // What changed since may have been read before it did.
            if self.0.live.changes() != changes {
                self.0.profiles.forget(profile.id);
            }
            found.push(profile);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_avatar_is_an_address_on_the_web() {
        for good in ["https://example.com/a.png", "http://wx.qlogo.cn/mmopen/0"] {
            assert!(AvatarUrl::parse(good).is_ok(), "{good}");
        }
        let long = format!("https://{}", "a".repeat(1024 - 8));
        assert!(AvatarUrl::parse(&long).is_ok());
        assert!(AvatarUrl::parse(&format!("{long}a")).is_err());
        for bad in
            ["", "a.png", "https://", "javascript:alert(1)", "https://a b", "https://a\n", "data:image/png,"]
        {
            assert_eq!(AvatarUrl::parse(bad).unwrap_err().field, "avatar", "{bad}");
        }
    }
}
