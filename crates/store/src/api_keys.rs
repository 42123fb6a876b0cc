//! API keys of business servers. A key is known here by its hash alone.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::Timestamp;
use uuid::Uuid;

use crate::entity::api_key;
use crate::{Error, PageSize};

/// Writes a new key.
pub async fn insert(conn: &impl ConnectionTrait, key: api_key::Model) -> Result<(), Error> {
    api_key::Entity::insert(key.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The key with this hash, unless it was revoked. Reads the index `(key_hash)`.
pub async fn find_by_hash(
    conn: &impl ConnectionTrait,
    key_hash: &[u8],
) -> Result<Option<api_key::Model>, Error> {
    Ok(api_key::Entity::find()
        .filter(api_key::Column::KeyHash.eq(key_hash))
        .filter(api_key::Column::RevokedAtMs.is_null())
        .one(conn)
        .await?)
}

/// The keys before `before`, revoked ones too, newest first, at most `size`. Reads the primary key.
pub async fn page_before(
    conn: &impl ConnectionTrait,
    before: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<api_key::Model>, Error> {
    let mut keys = api_key::Entity::find().order_by_desc(api_key::Column::Id).limit(size.rows());
    if let Some(before) = before {
        keys = keys.filter(api_key::Column::Id.lt(before));
    }
    Ok(keys.all(conn).await?)
}

/// The key of this id.
pub async fn find(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<api_key::Model>, Error> {
    Ok(api_key::Entity::find_by_id(id).one(conn).await?)
}

/// Revokes a key; `false` when there is none of this id, or it was revoked before.
pub async fn revoke(conn: &impl ConnectionTrait, id: Uuid, at: Timestamp) -> Result<bool, Error> {
    let updated = api_key::Entity::update_many()
        .col_expr(api_key::Column::RevokedAtMs, at.millis().into())
        .filter(api_key::Column::Id.eq(id))
        .filter(api_key::Column::RevokedAtMs.is_null())
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}
