//! Which user a person of WeChat's is: the one of their openid, else the one of their unionid, else a new one.

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use teahouse_protocol::{DisplayName, UserId};
use teahouse_store::entity::{identity, user};
use teahouse_store::users::{self, ProfileUpdate};
use teahouse_store::{Error as StoreError, identities};

use super::Arrival;
use super::evidence::ANONYMOUS;
use super::merge::Merged;
use crate::accounts::commit;
use crate::newcomer::{Provider, new_identity};
use crate::sessions::Issued;
use crate::{AccountEvent, Accounts, Device, Error, NewSession};

/// What came of an arrival, after its commit.
struct Welcomed {
    issued: Issued,
    user: user::Model,
    is_changed: bool,
    merged: Vec<Merged>,
}

impl Accounts {
    /// Begins a session of the user that the person is.
    pub(super) async fn welcome(&self, person: &Arrival<'_>, device: &Device) -> Result<NewSession, Error> {
        let welcomed = match self.try_welcome(person, device).await {
            // Another sign-in of the same new person was a moment faster: this time they are known.
            Err(Error::Store(StoreError::Conflict(_))) => self.try_welcome(person, device).await?,
            other => other?,
        };
        for merged in &welcomed.merged {
            self.announce_merge(merged).await;
        }
        if welcomed.is_changed {
            let user = UserId::from_uuid(welcomed.user.id);
            self.announce_user(&welcomed.user, AccountEvent::UserChanged { user }).await;
        }
        self.admit(welcomed.issued).await
    }

    async fn try_welcome(&self, person: &Arrival<'_>, device: &Device) -> Result<Welcomed, Error> {
        let tx = self.0.db.begin().await?;
        if let Some(unionid) = person.unionid() {
            identities::lock_unionid(&tx, unionid).await?;
        }
        let identity = match self.find_identity(&tx, person).await? {
            Some(identity) => identity,
            None => self.create_identity(&tx, person).await?,
        };
        let key = self.0.master_key.seal(identity.id, &person.login.session_key);
        let key = key.ok_or(Error::Internal("a session key could not be sealed"))?;
        identities::set_session_key(&tx, identity.id, key, self.now()).await?;
        let (user, merged) = self.settle_unionid(&tx, &identity, person).await?;
        let before = users::find(&tx, user).await?.ok_or(Error::UserNotFound)?;
        users::update_profile(&tx, user, missing_from(&before, person)).await?;
        let after = users::find(&tx, user).await?.ok_or(Error::UserNotFound)?;
        let issued = self.issue(&tx, after.clone(), Some(identity.id), device).await?;
        commit(tx).await?;
        Ok(Welcomed { issued, is_changed: before != after, user: after, merged })
    }

    /// The name to take from WeChat: none for a user who has one, and none that may not be taken. Somebody may name or
    /// merge the user before [`Accounts::welcome`] writes; it looks again.
    pub(super) async fn name_to_take(&self, person: &Arrival<'_>) -> Result<Option<DisplayName>, Error> {
        let Some(name) = person.proven.name.clone() else { return Ok(None) };
        let known = self.find_user(person).await?;
        let user = known.as_ref().unwrap_or(&person.newcomer);
        if user.name == ANONYMOUS { self.settle_name(user, name).await } else { Ok(None) }
    }

    async fn find_user(&self, person: &Arrival<'_>) -> Result<Option<user::Model>, Error> {
        let conn = self.0.db.conn();
        let by_unionid = match person.unionid() {
            Some(unionid) => identities::users_of_unionid(conn, unionid).await?.first().copied(),
            None => None,
        };
        let user = match by_unionid {
            Some(user) => Some(user),
            None => self.find_identity(conn, person).await?.map(|known| UserId::from_uuid(known.user_id)),
        };
        match user {
            Some(user) => Ok(users::find(conn, user).await?),
            None => Ok(None),
        }
    }

    async fn find_identity(
        &self,
        conn: &impl ConnectionTrait,
        person: &Arrival<'_>,
    ) -> Result<Option<identity::Model>, Error> {
        let openid = person.login.openid.as_str();
        let app_id = person.app.id.as_str();
        Ok(identities::find_by_subject(conn, Provider::Wechat.as_str(), app_id, openid).await?)
    }

    /// A person who is new in this app: new altogether, unless their unionid is known from another.
    async fn create_identity(
        &self,
        tx: &DatabaseTransaction,
        person: &Arrival<'_>,
    ) -> Result<identity::Model, Error> {
        let known = match person.unionid() {
            Some(unionid) => identities::users_of_unionid(tx, unionid).await?.first().copied(),
            None => None,
        };
        let user = match known {
            Some(user) => user,
            None => {
                users::insert(tx, person.newcomer.clone()).await?;
                UserId::from_uuid(person.newcomer.id)
            }
        };
        let (app_id, openid) = (person.app.id.as_str(), person.login.openid.as_str());
        let mut identity = new_identity(user.uuid(), Provider::Wechat, app_id, openid, self.now());
        identity.unionid = person.unionid().map(str::to_owned);
        identities::insert(tx, identity.clone()).await?;
        Ok(identity)
    }

    /// Notes a unionid that was learnt now, and makes one user of all that it turns out to be.
    async fn settle_unionid(
        &self,
        tx: &DatabaseTransaction,
        identity: &identity::Model,
        person: &Arrival<'_>,
    ) -> Result<(UserId, Vec<Merged>), Error> {
        let own = UserId::from_uuid(identity.user_id);
        let Some(unionid) = person.unionid() else { return Ok((own, Vec::new())) };
        if identity.unionid.as_deref() != Some(unionid) {
            identities::set_unionid(tx, identity.id, unionid).await?;
        }
        let users = identities::users_of_unionid(tx, unionid).await?;
        let Some((oldest, others)) = users.split_first() else { return Ok((own, Vec::new())) };
        let mut merged = Vec::with_capacity(others.len());
        for other in others {
            merged.push(self.merge(tx, *other, *oldest).await?);
        }
        Ok((*oldest, merged))
    }
}

impl Arrival<'_> {
    /// WeChat's own answer goes before what it encrypted earlier.
    fn unionid(&self) -> Option<&str> {
        let unionid = self.login.unionid.as_ref().or(self.proven.unionid.as_ref());
        unionid.map(teahouse_wechat::UnionId::as_str)
    }
}

/// What WeChat knows and the user lacks. A name or picture that the user has is theirs.
fn missing_from(user: &user::Model, person: &Arrival<'_>) -> ProfileUpdate {
    let is_nameless = user.name == ANONYMOUS;
    let name = person.proven.name.clone().filter(|_| is_nameless);
    let avatar = person.proven.avatar.clone().filter(|_| user.avatar.is_none());
    ProfileUpdate {
        name: name.map(DisplayName::into_string),
        avatar: avatar.map(|avatar| Some(avatar.as_str().to_owned())),
    }
}
