//! Every verdict other than allow, for those who ask why.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::{RoomId, Timestamp, UserId};
use uuid::Uuid;

use crate::entity::plugin_verdict;
use crate::{Error, PageSize};

/// Rows a statement: 13 columns each stay far below SQLite's 32 766 variables.
const ROWS_A_STATEMENT: usize = 512;

/// Which verdicts; absent: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this plugin.
    pub plugin: Option<String>,
    /// In this room.
    pub room: Option<RoomId>,
    /// On what this user did.
    pub user: Option<UserId>,
    /// Since then.
    pub since: Option<Timestamp>,
}

/// Writes verdicts; one that is there by its id stays as it is.
pub async fn insert(conn: &impl ConnectionTrait, mut rows: Vec<plugin_verdict::Model>) -> Result<(), Error> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_A_STATEMENT));
        let part = rows.into_iter().map(IntoActiveModel::into_active_model);
        plugin_verdict::Entity::insert_many(part)
            .on_conflict(sea_orm::sea_query::OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(conn)
            .await?;
        rows = rest;
    }
    Ok(())
}

/// The verdicts before `before`, newest first, at most `size`. Of one plugin it reads the index `(plugin_id, id)`.
pub async fn page_before(
    conn: &impl ConnectionTrait,
    filter: &Filter,
    before: Option<Uuid>,
    size: PageSize,
) -> Result<Vec<plugin_verdict::Model>, Error> {
    use plugin_verdict::Column;
    let mut page = plugin_verdict::Entity::find();
    if let Some(plugin) = &filter.plugin {
        page = page.filter(Column::PluginId.eq(plugin));
    }
    if let Some(room) = filter.room {
        page = page.filter(Column::RoomId.eq(room.uuid()));
    }
    if let Some(user) = filter.user {
        page = page.filter(Column::UserId.eq(user.uuid()));
    }
    if let Some(since) = filter.since {
        page = page.filter(Column::AtMs.gte(since.millis()));
    }
    if let Some(before) = before {
        page = page.filter(Column::Id.lt(before));
    }
    Ok(page.order_by_desc(Column::Id).limit(size.rows()).all(conn).await?)
}

/// Forgets at most `limit` of the verdicts given before `time`, the oldest first, and returns how many. Ids are made of
/// the time, so that this reads the primary key.
pub async fn delete_before(conn: &impl ConnectionTrait, time: Timestamp, limit: u64) -> Result<u64, Error> {
    let old: Vec<Uuid> = plugin_verdict::Entity::find()
        .select_only()
        .column(plugin_verdict::Column::Id)
        .filter(plugin_verdict::Column::Id.lt(first_id_at(time)))
        .order_by_asc(plugin_verdict::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(conn)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let deleted = plugin_verdict::Entity::delete_many()
        .filter(plugin_verdict::Column::Id.is_in(old))
        .exec(conn)
        .await?;
    Ok(deleted.rows_affected)
}

/// Forgets every verdict of a plugin.
pub async fn delete_of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<(), Error> {
    plugin_verdict::Entity::delete_many()
        .filter(plugin_verdict::Column::PluginId.eq(plugin))
        .exec(conn)
        .await?;
    Ok(())
}

/// The lowest UUIDv7 of `time`: its first 48 bits are milliseconds since 1970.
fn first_id_at(time: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(time.millis().unsigned_abs()) << 80)
}
