//! Identities: who a user is elsewhere.

use std::collections::HashSet;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use teahouse_protocol::{Timestamp, UserId};
use uuid::Uuid;

use crate::entity::identity;
use crate::{Error, PageSize};

/// The identity of this id.
pub async fn find(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<identity::Model>, Error> {
    Ok(identity::Entity::find_by_id(id).one(conn).await?)
}

/// Who `subject` is, at `provider` within `app_id`. Reads the index `(provider, app_id, subject)`.
pub async fn find_by_subject(
    conn: &impl ConnectionTrait,
    provider: &str,
    app_id: &str,
    subject: &str,
) -> Result<Option<identity::Model>, Error> {
    Ok(identity::Entity::find()
        .filter(identity::Column::Provider.eq(provider))
        .filter(identity::Column::AppId.eq(app_id))
        .filter(identity::Column::Subject.eq(subject))
        .one(conn)
        .await?)
}

/// Who `user` is elsewhere, the oldest first, at most `size`. Reads the index `(user_id)`.
pub async fn of_user(
    conn: &impl ConnectionTrait,
    user: UserId,
    size: PageSize,
) -> Result<Vec<identity::Model>, Error> {
    Ok(identity::Entity::find()
        .filter(identity::Column::UserId.eq(user.uuid()))
        .order_by_asc(identity::Column::Id)
        .limit(size.rows())
        .all(conn)
        .await?)
}

/// The users behind `unionid`, each once, the oldest first. Reads the index `(unionid)`.
pub async fn users_of_unionid(conn: &impl ConnectionTrait, unionid: &str) -> Result<Vec<UserId>, Error> {
    let identities = identity::Entity::find()
        .filter(identity::Column::Unionid.eq(unionid))
        .order_by_asc(identity::Column::UserId)
        .all(conn)
        .await?;
    let mut users: Vec<UserId> = identities.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
    // UUIDv7: the older user has the smaller id.
    users.dedup();
    Ok(users)
}

/// Those of `users` who are somebody at `provider`. Reads the index `(user_id)`.
pub async fn users_at(
    conn: &impl ConnectionTrait,
    provider: &str,
    users: &[UserId],
) -> Result<HashSet<UserId>, Error> {
    if users.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = identity::Entity::find()
        .select_only()
        .column(identity::Column::UserId)
        .filter(identity::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
        .filter(identity::Column::Provider.eq(provider))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(ids.into_iter().map(UserId::from_uuid).collect())
}

/// Makes others who call this with the same `unionid` wait until the transaction of `conn` ends. Without it, two
/// sign-ins of one new person in two apps would not see each other, and make two users.
pub async fn lock_unionid(conn: &impl ConnectionTrait, unionid: &str) -> Result<(), Error> {
    // A writing transaction of SQLite holds the only write lock from its beginning.
    if conn.get_database_backend() == DatabaseBackend::Postgres {
        let lock = Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            [format!("teahouse unionid {unionid}").into()],
        );
        conn.execute_raw(lock).await?;
    }
    Ok(())
}

/// Writes a new identity.
///
/// # Errors
/// [`Error::Conflict`] when the subject is known already.
pub async fn insert(conn: &impl ConnectionTrait, identity: identity::Model) -> Result<(), Error> {
    identity::Entity::insert(identity.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// Forgets an identity: whoever comes by it again is somebody else.
pub async fn delete(conn: &impl ConnectionTrait, id: Uuid) -> Result<(), Error> {
    identity::Entity::delete_by_id(id).exec(conn).await?;
    Ok(())
}

/// Keeps a new session key, encrypted.
pub async fn set_session_key(
    conn: &impl ConnectionTrait,
    id: Uuid,
    sealed: Vec<u8>,
    at: Timestamp,
) -> Result<(), Error> {
    identity::Entity::update_many()
        .col_expr(identity::Column::SessionKeySealed, sealed.into())
        .col_expr(identity::Column::SessionKeyAtMs, at.millis().into())
        .filter(identity::Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Notes who the person is across apps.
pub async fn set_unionid(conn: &impl ConnectionTrait, id: Uuid, unionid: &str) -> Result<(), Error> {
    identity::Entity::update_many()
        .col_expr(identity::Column::Unionid, unionid.into())
        .filter(identity::Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Gives all identities of `from` to `to`.
pub async fn reassign(conn: &impl ConnectionTrait, from: UserId, to: UserId) -> Result<(), Error> {
    identity::Entity::update_many()
        .col_expr(identity::Column::UserId, to.uuid().into())
        .filter(identity::Column::UserId.eq(from.uuid()))
        .exec(conn)
        .await?;
    Ok(())
}
