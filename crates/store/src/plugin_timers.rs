//! When bots want to be woken. A timer fires for the one node that moves it on: that needs its token, which is new
//! each time.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::Timestamp;
use uuid::Uuid;

use crate::entity::plugin_timer;
use crate::{Error, plugins};

/// What became of a timer that was to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It stands.
    Set,
    /// There are so many others already, and no more may be.
    Full(u64),
}

/// Sets a timer, in place of an earlier one of that name, unless the plugin has `most` others, or `of_one` that were set on
/// behalf of the same party. One that is not installed has none.
pub async fn put(
    tx: &DatabaseTransaction,
    timer: plugin_timer::Model,
    most: u64,
    of_one: u64,
) -> Result<Setting, Error> {
    use plugin_timer::Column;
    // Two that set one each at the same time must not both find room for the last.
    if plugins::lock(tx, &timer.plugin_id).await?.is_none() {
        return Ok(Setting::Full(0));
    }
    let others = plugin_timer::Entity::find()
        .filter(Column::PluginId.eq(&timer.plugin_id))
        .filter(Column::Name.ne(&timer.name));
    if others.clone().count(tx).await? >= most {
        return Ok(Setting::Full(most));
    }
    if let Some(party) = timer.party
        && others.filter(Column::Party.eq(party)).count(tx).await? >= of_one
    {
        return Ok(Setting::Full(of_one));
    }
    plugin_timer::Entity::insert(timer.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::PluginId, Column::Name])
                .update_columns([
                    Column::Token,
                    Column::DueAtMs,
                    Column::EveryMs,
                    Column::Payload,
                    Column::Party,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(Setting::Set)
}

/// The timer of that name.
pub async fn find(
    conn: &impl ConnectionTrait,
    plugin: &str,
    name: &str,
) -> Result<Option<plugin_timer::Model>, Error> {
    Ok(plugin_timer::Entity::find_by_id((plugin.to_owned(), name.to_owned())).one(conn).await?)
}

/// Cancels a timer; false when there was none.
pub async fn delete(conn: &impl ConnectionTrait, plugin: &str, name: &str) -> Result<bool, Error> {
    let key = (plugin.to_owned(), name.to_owned());
    Ok(plugin_timer::Entity::delete_by_id(key).exec(conn).await?.rows_affected > 0)
}

/// The timers due at `now`, the longest due first, at most `limit`. Reads the index `(due_at_ms)`.
pub async fn due(
    conn: &impl ConnectionTrait,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<plugin_timer::Model>, Error> {
    Ok(plugin_timer::Entity::find()
        .filter(plugin_timer::Column::DueAtMs.lte(now.millis()))
        .order_by_asc(plugin_timer::Column::DueAtMs)
        .limit(limit)
        .all(conn)
        .await?)
}

/// When the next timer is due. Reads the index `(due_at_ms)`.
pub async fn next_due_at(conn: &impl ConnectionTrait) -> Result<Option<Timestamp>, Error> {
    let next: Option<i64> = plugin_timer::Entity::find()
        .select_only()
        .column(plugin_timer::Column::DueAtMs)
        .order_by_asc(plugin_timer::Column::DueAtMs)
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(next.map(Timestamp::from_millis))
}

/// Fires `timer` as it was read: moves it on to `next`, or deletes it. False: another node fired it, or it was set
/// anew or cancelled meanwhile. Its event is written in the same transaction, and only on true.
pub async fn fire(
    tx: &DatabaseTransaction,
    timer: &plugin_timer::Model,
    next: Option<Timestamp>,
) -> Result<bool, Error> {
    use plugin_timer::Column;
    let as_read = sea_orm::Condition::all()
        .add(Column::PluginId.eq(&timer.plugin_id))
        .add(Column::Name.eq(&timer.name))
        .add(Column::Token.eq(timer.token));
    let touched = match next {
        Some(next) => {
            plugin_timer::Entity::update_many()
                .col_expr(Column::DueAtMs, next.millis().into())
                .col_expr(Column::Token, Expr::val(Uuid::now_v7()))
                .filter(as_read)
                .exec(tx)
                .await?
                .rows_affected
        }
        None => plugin_timer::Entity::delete_many().filter(as_read).exec(tx).await?.rows_affected,
    };
    Ok(touched > 0)
}

/// The timers of a plugin, by name.
pub async fn of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<Vec<plugin_timer::Model>, Error> {
    Ok(plugin_timer::Entity::find()
        .filter(plugin_timer::Column::PluginId.eq(plugin))
        .order_by_asc(plugin_timer::Column::Name)
        .all(conn)
        .await?)
}

/// Cancels every timer of a plugin.
pub async fn delete_of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<(), Error> {
    plugin_timer::Entity::delete_many().filter(plugin_timer::Column::PluginId.eq(plugin)).exec(conn).await?;
    Ok(())
}
