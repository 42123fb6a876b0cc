//! Sessions: users signed in on devices. A token is known here by its hash alone.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
};
use teahouse_protocol::{SessionId, Timestamp, UserId};

use crate::Error;
use crate::entity::{session, user};

/// Writes a new session.
pub async fn insert(conn: &impl ConnectionTrait, session: session::Model) -> Result<(), Error> {
    session::Entity::insert(session.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The session whose token has this hash, expired or not, and its user. Reads the index `(token_hash)`.
pub async fn find_by_token(
    conn: &impl ConnectionTrait,
    token_hash: &[u8],
) -> Result<Option<(session::Model, user::Model)>, Error> {
    let user =
        session::Entity::belongs_to(user::Entity).from(session::Column::UserId).to(user::Column::Id).into();
    let found = session::Entity::find()
        .select_also(user::Entity)
        .join(JoinType::InnerJoin, user)
        .filter(session::Column::TokenHash.eq(token_hash))
        .one(conn)
        .await?;
    Ok(found.and_then(|(session, user)| user.map(|user| (session, user))))
}

/// The newest sessions of `user` that have not expired at `now`, at most `limit`. Reads the index `(user_id, id)`.
pub async fn newest_of_user(
    conn: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<session::Model>, Error> {
    Ok(session::Entity::find()
        .filter(session::Column::UserId.eq(user.uuid()))
        .filter(session::Column::ExpiresAtMs.gt(now.millis()))
        .order_by_desc(session::Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Gives the session another token; `false` when its token is not `old_hash` any more, or it has ended.
pub async fn replace_token(
    conn: &impl ConnectionTrait,
    session: SessionId,
    old_hash: &[u8],
    new_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, Error> {
    let updated = session::Entity::update_many()
        .col_expr(session::Column::TokenHash, new_hash.to_vec().into())
        .col_expr(session::Column::LastSeenAtMs, now.millis().into())
        .col_expr(session::Column::ExpiresAtMs, expires_at.millis().into())
        .filter(session::Column::Id.eq(session.uuid()))
        .filter(session::Column::TokenHash.eq(old_hash))
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Moves the end of those of `sessions` that still are to `expires_at`, and returns them. None that has expired comes
/// back.
pub async fn extend(
    conn: &impl ConnectionTrait,
    sessions: &[SessionId],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let extended = session::Entity::update_many()
        .col_expr(session::Column::LastSeenAtMs, now.millis().into())
        .col_expr(session::Column::ExpiresAtMs, expires_at.millis().into())
        .filter(session::Column::Id.is_in(sessions.iter().map(|session| session.uuid())))
        .filter(session::Column::ExpiresAtMs.gt(now.millis()))
        .exec_with_returning(conn)
        .await?;
    Ok(extended.iter().map(|row| SessionId::from_uuid(row.id)).collect())
}

/// Ends a session of `user`; `false` when the user has no such session.
pub async fn delete(conn: &impl ConnectionTrait, user: UserId, session: SessionId) -> Result<bool, Error> {
    let deleted = session::Entity::delete_many()
        .filter(session::Column::Id.eq(session.uuid()))
        .filter(session::Column::UserId.eq(user.uuid()))
        .exec(conn)
        .await?;
    Ok(deleted.rows_affected > 0)
}

/// Ends every session of `user` but `keep`, and returns those that ended.
pub async fn delete_of_user(
    conn: &impl ConnectionTrait,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, Error> {
    let mut ended = session::Entity::delete_many().filter(session::Column::UserId.eq(user.uuid()));
    if let Some(keep) = keep {
        ended = ended.filter(session::Column::Id.ne(keep.uuid()));
    }
    let ended = ended.exec_with_returning(conn).await?;
    Ok(ended.iter().map(|row| SessionId::from_uuid(row.id)).collect())
}

/// Forgets the sessions that had expired at `now`, and returns how many. Reads the index `(expires_at_ms)`.
pub async fn delete_expired(conn: &impl ConnectionTrait, now: Timestamp) -> Result<u64, Error> {
    let deleted = session::Entity::delete_many()
        .filter(session::Column::ExpiresAtMs.lte(now.millis()))
        .exec(conn)
        .await?;
    Ok(deleted.rows_affected)
}
