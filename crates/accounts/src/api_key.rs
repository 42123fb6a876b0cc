//! API keys: with one, a business's server vouches for its users, or an operator's program administers the server.

use serde_json::json;
use teahouse_protocol::DisplayName;
use teahouse_store::audit::{self, Act};
use teahouse_store::{api_keys, entity};
use uuid::Uuid;

use crate::accounts::commit;
use crate::token::Token;
use crate::{Accounts, Error};

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
    pub id: Uuid,
    secret: Token,
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
    /// Makes an API key. For the operator.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn create_api_key(&self, name: &DisplayName, scope: KeyScope) -> Result<NewApiKey, Error> {
        let key = NewApiKey { id: Uuid::now_v7(), secret: Token::generate() };
        let row = entity::api_key::Model {
            id: key.id,
            name: name.as_str().to_owned(),
            key_hash: key.secret.hash().to_stored(),
            scopes: scope.as_stored().to_owned(),
            created_at_ms: self.now().millis(),
            revoked_at_ms: None,
        };
        let tx = self.0.db.begin().await?;
        api_keys::insert(&tx, row).await?;
        let detail = json!({"name": name.as_str(), "scope": scope.as_stored()});
        audit::append(&tx, self.now(), act("api_key.created", key.id, detail)).await?;
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

    /// Revokes an API key; `false` when there is none of this id, or it was revoked before. Sessions made with it stay.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn revoke_api_key(&self, id: Uuid) -> Result<bool, Error> {
        let tx = self.0.db.begin().await?;
        let revoked = api_keys::revoke(&tx, id, self.now()).await?;
        if revoked {
            audit::append(&tx, self.now(), act("api_key.revoked", id, json!({}))).await?;
        }
        commit(tx).await?;
        Ok(revoked)
    }
}

fn act(action: &'static str, key: Uuid, detail: serde_json::Value) -> Act<'static> {
    Act { actor: None, action, target_kind: "api_key", target_id: key.to_string(), detail }
}
