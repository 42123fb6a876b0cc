//! API keys: with one, a business's server vouches for its users, or an operator's program administers the server.

use serde_json::json;
use teahouse_protocol::{ApiKeyId, DisplayName, Timestamp};
use teahouse_store::audit::{self, Act};
use teahouse_store::{PageSize, api_keys, entity};

use crate::accounts::commit;
use crate::token::Token;
use crate::{Accounts, By, Error};

/// What an API key begins with, so that it is known for what it is where it should not be.
const PREFIX: &str = "teahouse_";

/// What an API key may be used for. A key has one use: what leaks from a business's server administers nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyScope {
    /// Signing in a business's own users.
    #[default]
    Users,
    /// Administering the server.
    Admin,
}

impl KeyScope {
    const ADMIN: &'static str = "admin";

    /// As it stands in the database; nothing for the scope that keys had before there were scopes.
    const fn as_stored(self) -> &'static str {
        match self {
            Self::Users => "",
            Self::Admin => Self::ADMIN,
        }
    }

    fn from_stored(text: &str) -> Self {
        if text == Self::ADMIN { Self::Admin } else { Self::Users }
    }
}

/// A program that administers the server: the proof that its key may.
#[derive(Clone, Debug)]
pub struct AdminKey {
    name: String,
}

impl AdminKey {
    /// What the key is called, for the audit log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A business's server: the proof that its key may sign in the business's users.
#[derive(Clone, Debug)]
pub struct BusinessKey(());

/// A new API key. Its secret is shown once.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// The key's id, by which it is revoked.
    pub id: ApiKeyId,
    secret: Token,
}

/// An API key as it is listed, without its secret, which nobody knows any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyInfo {
    /// The key's id, by which it is revoked.
    pub id: ApiKeyId,
    /// What it is called.
    pub name: String,
    /// What it may be used for.
    pub scope: KeyScope,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was revoked; `None`: it is good.
    pub revoked_at: Option<Timestamp>,
}

/// Some of the keys, newest first.
#[derive(Clone, Debug)]
pub struct ApiKeyPage {
    /// The keys.
    pub items: Vec<ApiKeyInfo>,
    /// After which the next page begins; `None`: there is none.
    pub next: Option<ApiKeyId>,
}

impl NewApiKey {
    /// The secret, for the business's server.
    #[must_use]
    pub fn secret(&self) -> String {
        format!("{PREFIX}{}", self.secret.as_str())
    }
}

impl Token {
    pub(crate) fn parse_api_key(text: &str) -> Option<Self> {
        Self::parse(text.strip_prefix(PREFIX)?)
    }
}

impl Accounts {
    /// Makes an API key. Who may is the caller's question.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn create_api_key(
        &self,
        by: &By,
        name: &DisplayName,
        scope: KeyScope,
    ) -> Result<NewApiKey, Error> {
        let key = NewApiKey { id: ApiKeyId::generate(), secret: Token::generate() };
        let row = entity::api_key::Model {
            id: key.id.uuid(),
            name: name.as_str().to_owned(),
            key_hash: key.secret.hash().to_stored(),
            scopes: scope.as_stored().to_owned(),
            created_at_ms: self.now().millis(),
            revoked_at_ms: None,
        };
        let tx = self.0.db.begin().await?;
        api_keys::insert(&tx, row).await?;
        let detail = json!({ "by": by.to_string(), "name": name.as_str(), "scope": scope.as_stored() });
        audit::append(&tx, self.now(), act(by, "api_key.created", key.id, detail)).await?;
        commit(tx).await?;
        Ok(key)
    }

    /// Who administers by this key.
    ///
    /// # Errors
    /// [`Error::ApiKeyInvalid`]; [`Error::KeyScope`] for a key that is for something else.
    pub async fn admin_by_key(&self, api_key: &str) -> Result<AdminKey, Error> {
        let key = self.find_key(api_key).await?;
        match KeyScope::from_stored(&key.scopes) {
            KeyScope::Admin => Ok(AdminKey { name: key.name }),
            KeyScope::Users => Err(Error::KeyScope),
        }
    }

    /// The business's server that has this key.
    ///
    /// # Errors
    /// [`Error::ApiKeyInvalid`]; [`Error::KeyScope`] for a key that is for something else.
    pub async fn business_by_key(&self, api_key: &str) -> Result<BusinessKey, Error> {
        let key = self.find_key(api_key).await?;
        match KeyScope::from_stored(&key.scopes) {
            KeyScope::Users => Ok(BusinessKey(())),
            KeyScope::Admin => Err(Error::KeyScope),
        }
    }

    async fn find_key(&self, api_key: &str) -> Result<entity::api_key::Model, Error> {
        let hash = Token::parse_api_key(api_key).ok_or(Error::ApiKeyInvalid)?.hash();
        let key = api_keys::find_by_hash(self.0.db.conn(), hash.as_bytes()).await?;
        key.ok_or(Error::ApiKeyInvalid)
    }

    /// The keys made before `before`, revoked ones too, newest first, at most `most`. Who may see them is the caller's question.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn page_api_keys(&self, before: Option<ApiKeyId>, most: u16) -> Result<ApiKeyPage, Error> {
        let size = PageSize::capped(most);
        let before = before.map(ApiKeyId::uuid);
        let rows = api_keys::page_before(self.0.db.conn(), before, size.and_one()).await?;
        let more = rows.len() > usize::from(size.get());
        let items: Vec<_> = rows.into_iter().take(usize::from(size.get())).map(ApiKeyInfo::from).collect();
        let next = items.last().filter(|_| more).map(|key| key.id);
        Ok(ApiKeyPage { items, next })
    }

    /// Revokes an API key: from its next use on it opens nothing, on any node. `false`: it was revoked before. Sessions
    /// made with it stay.
    ///
    /// # Errors
    /// [`Error::ApiKeyNotFound`].
    pub async fn revoke_api_key(&self, by: &By, id: ApiKeyId) -> Result<bool, Error> {
        let tx = self.0.db.begin().await?;
        let key = api_keys::find(&tx, id.uuid()).await?.ok_or(Error::ApiKeyNotFound)?;
        let revoked = api_keys::revoke(&tx, id.uuid(), self.now()).await?;
        if revoked {
            let detail = json!({ "by": by.to_string(), "name": key.name });
            audit::append(&tx, self.now(), act(by, "api_key.revoked", id, detail)).await?;
        }
        commit(tx).await?;
        Ok(revoked)
    }
}

impl From<entity::api_key::Model> for ApiKeyInfo {
    fn from(row: entity::api_key::Model) -> Self {
        Self {
            id: ApiKeyId::from_uuid(row.id),
            scope: KeyScope::from_stored(&row.scopes),
            name: row.name,
            created_at: Timestamp::from_millis(row.created_at_ms),
            revoked_at: row.revoked_at_ms.map(Timestamp::from_millis),
        }
    }
}

fn act(by: &By, action: &'static str, key: ApiKeyId, detail: serde_json::Value) -> Act<'static> {
    Act { actor: by.user(), action, target_kind: "api_key", target_id: key.to_string(), detail }
}
