//! API keys: with one, a business's server vouches for its users.

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
    pub async fn create_api_key(&self, name: &DisplayName) -> Result<NewApiKey, Error> {
        let key = NewApiKey { id: Uuid::now_v7(), secret: Token::generate() };
        let row = entity::api_key::Model {
            id: key.id,
            name: name.as_str().to_owned(),
            key_hash: key.secret.hash().to_stored(),
            created_at_ms: self.now().millis(),
            revoked_at_ms: None,
            scopes: String::new(),
        };
        let tx = self.0.db.begin().await?;
        api_keys::insert(&tx, row).await?;
        audit::append(&tx, self.now(), act("api_key.created", key.id, json!({"name": name.as_str()})))
            .await?;
        commit(tx).await?;
        Ok(key)
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
