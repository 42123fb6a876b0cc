//! Admins, and the one-time links by which they set a password. A link is known here by its hash alone.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use teahouse_protocol::{Timestamp, UserId};

use crate::Error;
use crate::entity::{admin, setup_link};

/// Writes a new admin.
///
/// # Errors
/// [`Error::Conflict`] when the login is taken.
pub async fn insert(conn: &impl ConnectionTrait, admin: admin::Model) -> Result<(), Error> {
    admin::Entity::insert(admin.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The admin with this login. Reads the index `(login)`.
pub async fn find_by_login(conn: &impl ConnectionTrait, login: &str) -> Result<Option<admin::Model>, Error> {
    Ok(admin::Entity::find().filter(admin::Column::Login.eq(login)).one(conn).await?)
}

/// The admin that `user` is.
pub async fn find_by_user(conn: &impl ConnectionTrait, user: UserId) -> Result<Option<admin::Model>, Error> {
    Ok(admin::Entity::find_by_id(user.uuid()).one(conn).await?)
}

/// Writes a new link.
pub async fn insert_link(conn: &impl ConnectionTrait, link: setup_link::Model) -> Result<(), Error> {
    setup_link::Entity::insert(link.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Forgets the unused links of `user`.
pub async fn delete_unused_links(conn: &impl ConnectionTrait, user: UserId) -> Result<(), Error> {
    setup_link::Entity::delete_many()
        .filter(setup_link::Column::UserId.eq(user.uuid()))
        .filter(setup_link::Column::UsedAtMs.is_null())
        .exec(conn)
        .await?;
    Ok(())
}

/// The link with this hash, if it can be used at `now`.
pub async fn find_usable_link(
    conn: &impl ConnectionTrait,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<setup_link::Model>, Error> {
    Ok(setup_link::Entity::find_by_id(token_hash.to_vec())
        .filter(setup_link::Column::UsedAtMs.is_null())
        .filter(setup_link::Column::ExpiresAtMs.gt(now.millis()))
        .one(conn)
        .await?)
}

/// Uses the link up; `false` when it was used before, has expired at `now`, or never was.
pub async fn use_link(conn: &impl ConnectionTrait, token_hash: &[u8], now: Timestamp) -> Result<bool, Error> {
    let updated = setup_link::Entity::update_many()
        .col_expr(setup_link::Column::UsedAtMs, now.millis().into())
        .filter(setup_link::Column::TokenHash.eq(token_hash))
        .filter(setup_link::Column::UsedAtMs.is_null())
        .filter(setup_link::Column::ExpiresAtMs.gt(now.millis()))
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}
