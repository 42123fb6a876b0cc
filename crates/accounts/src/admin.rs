//! Admins, and the one-time links by which they come in for the first time. No password is ever made up for them.

use std::time::Duration;

use serde_json::json;
use teahouse_protocol::{DisplayName, Timestamp, UserId};
use teahouse_store::audit::{self, Act};
use teahouse_store::entity::{admin, setup_link};
use teahouse_store::{admins, users};

use crate::accounts::commit;
use crate::newcomer::{Provider, new_user};
use crate::token::Token;
use crate::{Accounts, Error};

/// How long a set-up link can be used.
const LINK_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A set-up link. Its token is shown once.
#[derive(Clone, Debug)]
pub struct SetupLink {
    /// Who it is for.
    pub login: String,
    /// The secret in the link.
    pub token: Token,
    /// When it ends, used or not.
    pub expires_at: Timestamp,
}

/// Who a set-up link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminProfile {
    /// The user that the admin is.
    pub user: UserId,
    /// What they log in with.
    pub login: String,
}

impl Accounts {
    /// Makes an admin, and the link to set a password by. For the operator at the command line.
    ///
    /// # Errors
    /// [`Error::AdminExists`] when the login is taken.
    pub async fn create_admin(&self, login: &DisplayName) -> Result<SetupLink, Error> {
        let now = self.now();
        let user = new_user(login.as_str().to_owned(), None, Provider::External, now);
        let id = UserId::from_uuid(user.id);
        let row = admin::Model {
            user_id: user.id,
            login: login.as_str().to_owned(),
            password_hash: None,
            created_at_ms: now.millis(),
        };
        let (link, link_row) = new_link(&row, now);
        let tx = self.0.db.begin().await?;
        users::insert(&tx, user).await?;
        admins::insert(&tx, row).await.map_err(login_taken)?;
        admins::insert_link(&tx, link_row).await?;
        audit::append(&tx, now, act("admin.created", id, login.as_str())).await?;
        commit(tx).await?;
        Ok(link)
    }

    /// A new link for an admin who lost theirs; the unused ones before it are void.
    ///
    /// # Errors
    /// [`Error::AdminNotFound`].
    pub async fn admin_link(&self, login: &str) -> Result<SetupLink, Error> {
        let tx = self.0.db.begin().await?;
        let admin = admins::find_by_login(&tx, login).await?.ok_or(Error::AdminNotFound)?;
        let (link, link_row) = new_link(&admin, self.now());
        let id = UserId::from_uuid(admin.user_id);
        admins::delete_unused_links(&tx, id).await?;
        admins::insert_link(&tx, link_row).await?;
        audit::append(&tx, self.now(), act("admin.link_made", id, login)).await?;
        commit(tx).await?;
        Ok(link)
    }

    /// Who the link is for, while it can be used. Does not use it up.
    ///
    /// # Errors
    /// [`Error::SetupLinkInvalid`].
    pub async fn check_setup_link(&self, token: &str) -> Result<AdminProfile, Error> {
        let hash = Token::parse(token).ok_or(Error::SetupLinkInvalid)?.hash();
        let link = admins::find_usable_link(self.0.db.conn(), hash.as_bytes(), self.now()).await?;
        let user = UserId::from_uuid(link.ok_or(Error::SetupLinkInvalid)?.user_id);
        let admin = admins::find_by_user(self.0.db.conn(), user).await?.ok_or(Error::SetupLinkInvalid)?;
        Ok(AdminProfile { user, login: admin.login })
    }

    /// Uses the link up: of two at once, one gets in.
    ///
    /// # Errors
    /// [`Error::SetupLinkInvalid`] when it was used, has expired, or never was.
    pub async fn use_setup_link(&self, token: &str) -> Result<AdminProfile, Error> {
        let admin = self.check_setup_link(token).await?;
        let hash = Token::parse(token).ok_or(Error::SetupLinkInvalid)?.hash();
        let tx = self.0.db.begin().await?;
        if !admins::use_link(&tx, hash.as_bytes(), self.now()).await? {
            return Err(Error::SetupLinkInvalid);
        }
        audit::append(&tx, self.now(), act("admin.link_used", admin.user, &admin.login)).await?;
        commit(tx).await?;
        Ok(admin)
    }
}

fn new_link(admin: &admin::Model, now: Timestamp) -> (SetupLink, setup_link::Model) {
    let link =
        SetupLink { login: admin.login.clone(), token: Token::generate(), expires_at: now + LINK_LIFE };
    let row = setup_link::Model {
        token_hash: link.token.hash().to_stored(),
        user_id: admin.user_id,
        created_at_ms: now.millis(),
        expires_at_ms: link.expires_at.millis(),
        used_at_ms: None,
    };
    (link, row)
}

fn login_taken(error: teahouse_store::Error) -> Error {
    match error {
        teahouse_store::Error::Conflict(_) => Error::AdminExists,
        other => other.into(),
    }
}

fn act(action: &'static str, user: UserId, login: &str) -> Act<'static> {
    Act {
        actor: None,
        action,
        target_kind: "user",
        target_id: user.to_string(),
        detail: json!({ "login": login }),
    }
}
