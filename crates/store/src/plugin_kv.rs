//! What plugins keep: keys and values as bytes, counted against a quota in the transaction that writes them.
//!
//! Every writer first locks the plugin's row of `plugin_kv_usage`. So writers of one plugin take turns, on one node and
//! on many, and a value can't change between being looked at and being written. What has expired is not seen any more,
//! but counts until it is swept; a writer that finds the quota full sweeps its own plugin first.

use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use teahouse_protocol::Timestamp;

use crate::entity::{plugin_kv, plugin_kv_usage};
use crate::{Db, Error};

/// How much a plugin may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of keys and values together.
    pub bytes: u64,
    /// Keys.
    pub keys: u64,
}

/// How much a plugin keeps, what has expired and was not swept yet included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of keys and values together.
    pub bytes: u64,
    /// Keys.
    pub keys: u64,
}

/// Why nothing was written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// It would go past the quota.
    #[error("the plugin's quota is used up")]
    Quota,
    /// The value is another than was expected.
    #[error("the value is another by now")]
    Conflict,
    /// What is there is no counter.
    #[error("the value is not a number")]
    NotANumber,
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<sea_orm::DbErr> for WriteError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// The value of `key` at `now`.
pub async fn get(
    conn: &impl ConnectionTrait,
    plugin: &str,
    key: &[u8],
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(find(conn, plugin, key).await?.filter(|row| lives(row, now)).map(|row| row.value))
}

/// The keys that begin with `prefix` and come after `after`, in the order of their bytes, at most `limit`. Reads the
/// primary key.
pub async fn keys(
    conn: &impl ConnectionTrait,
    plugin: &str,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: u64,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>, Error> {
    use plugin_kv::Column;
    let lives = Condition::any().add(Column::ExpiresAtMs.is_null()).add(Column::ExpiresAtMs.gt(now.millis()));
    let mut keys = plugin_kv::Entity::find()
        .select_only()
        .column(Column::Key)
        .filter(Column::PluginId.eq(plugin))
        .filter(Column::Key.gte(prefix))
        .filter(lives);
    if let Some(end) = end_of(prefix) {
        keys = keys.filter(Column::Key.lt(end));
    }
    if let Some(after) = after {
        keys = keys.filter(Column::Key.gt(after));
    }
    Ok(keys.order_by_asc(Column::Key).limit(limit).into_tuple().all(conn).await?)
}

/// The first bytes that sort after everything that begins with `prefix`; `None`: nothing does.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// How much `plugin` keeps.
pub async fn usage(conn: &impl ConnectionTrait, plugin: &str) -> Result<Usage, Error> {
    let row = plugin_kv_usage::Entity::find_by_id(plugin.to_owned()).one(conn).await?;
    Ok(row.as_ref().map(usage_of).unwrap_or_default())
}

/// How much each plugin keeps; those that never kept anything are not named.
pub async fn usages(conn: &impl ConnectionTrait) -> Result<Vec<(String, Usage)>, Error> {
    let rows = plugin_kv_usage::Entity::find().all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let usage = usage_of(&row);
            (row.plugin_id, usage)
        })
        .collect())
}

/// A plugin's store, in a transaction that writes to it. Nobody else writes to it until that ends.
#[derive(Debug)]
pub struct Writing<'a> {
    tx: &'a DatabaseTransaction,
    plugin: &'a str,
    quota: Quota,
    now: Timestamp,
    usage: Usage,
}

/// Begins to write to the store of `plugin`; waits for others who do. An error of one act wrote nothing: earlier acts
/// of the transaction stand, unless the error is [`WriteError::Store`].
pub async fn write<'a>(
    tx: &'a DatabaseTransaction,
    plugin: &'a str,
    quota: Quota,
    now: Timestamp,
) -> Result<Writing<'a>, Error> {
    let usage = lock_usage(tx, plugin).await?;
    Ok(Writing { tx, plugin, quota, now, usage })
}

impl Writing<'_> {
    /// The value of `key`.
    pub async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        get(self.tx, self.plugin, key, self.now).await
    }

    /// Sets `key`.
    pub async fn set(
        &mut self,
        key: &[u8],
        value: Vec<u8>,
        expires_at: Option<Timestamp>,
    ) -> Result<(), WriteError> {
        let before = find(self.tx, self.plugin, key).await?;
        self.replace(before, key, value, expires_at.map(Timestamp::millis)).await
    }

    /// Sets `key` if its value is `old`; `None`: if there is none.
    pub async fn swap(
        &mut self,
        key: &[u8],
        old: Option<&[u8]>,
        new: Vec<u8>,
        expires_at: Option<Timestamp>,
    ) -> Result<(), WriteError> {
        let before = find(self.tx, self.plugin, key).await?;
        let value = before.as_ref().filter(|row| lives(row, self.now)).map(|row| row.value.as_slice());
        if value != old {
            return Err(WriteError::Conflict);
        }
        self.replace(before, key, new, expires_at.map(Timestamp::millis)).await
    }

    /// Adds `by` to the counter `key`, which is kept as decimal digits and stays at the ends of its range, and returns
    /// it. A counter that is not there begins at 0 and gets `expires_at`; one that is keeps its own.
    pub async fn increment(
        &mut self,
        key: &[u8],
        by: i32,
        expires_at: Option<Timestamp>,
    ) -> Result<i32, WriteError> {
        let before = find(self.tx, self.plugin, key).await?;
        let (count, expires_at_ms) = match before.as_ref().filter(|row| lives(row, self.now)) {
            Some(row) => (number(&row.value).ok_or(WriteError::NotANumber)?, row.expires_at_ms),
            None => (0, expires_at.map(Timestamp::millis)),
        };
        let count = count.saturating_add(by);
        self.replace(before, key, count.to_string().into_bytes(), expires_at_ms).await?;
        Ok(count)
    }

    /// Deletes `key`; false when there was none.
    pub async fn delete(&mut self, key: &[u8]) -> Result<bool, Error> {
        let Some(row) = find(self.tx, self.plugin, key).await? else { return Ok(false) };
        let lived = lives(&row, self.now);
        let size = size_of(&row);
        plugin_kv::Entity::delete_by_id((row.plugin_id, row.key)).exec(self.tx).await?;
        self.count(Usage {
            bytes: self.usage.bytes.saturating_sub(size),
            keys: self.usage.keys.saturating_sub(1),
        })
        .await?;
        Ok(lived)
    }

    async fn replace(
        &mut self,
        before: Option<plugin_kv::Model>,
        key: &[u8],
        value: Vec<u8>,
        expires_at_ms: Option<i64>,
    ) -> Result<(), WriteError> {
        use plugin_kv::Column;
        let without = self.require_room(before, (key.len() + value.len()) as u64).await?;
        let usage = Usage { bytes: without.bytes + (key.len() + value.len()) as u64, keys: without.keys + 1 };
        let row =
            plugin_kv::Model { plugin_id: self.plugin.to_owned(), key: key.to_vec(), value, expires_at_ms };
        plugin_kv::Entity::insert(row.into_active_model())
            .on_conflict(
                OnConflict::columns([Column::PluginId, Column::Key])
                    .update_columns([Column::Value, Column::ExpiresAtMs])
                    .to_owned(),
            )
            .exec_without_returning(self.tx)
            .await?;
        Ok(self.count(usage).await?)
    }

    /// The usage without the row `before`, once `size` bytes have room beside it. What does not grow always has: a
    /// plugin whose quota was lowered can still make less of it.
    async fn require_room(
        &mut self,
        before: Option<plugin_kv::Model>,
        size: u64,
    ) -> Result<Usage, WriteError> {
        let without = |usage: Usage, row: Option<&plugin_kv::Model>| Usage {
            bytes: usage.bytes.saturating_sub(row.map_or(0, size_of)),
            keys: usage.keys.saturating_sub(row.map_or(0, |_| 1)),
        };
        let quota = self.quota;
        let fits = |rest: Usage| rest.bytes + size <= quota.bytes && rest.keys < quota.keys;
        let rest = without(self.usage, before.as_ref());
        if fits(rest) || before.as_ref().is_some_and(|row| size <= size_of(row)) {
            return Ok(rest);
        }
        self.usage = sweep(self.tx, self.plugin, self.usage, self.now).await?;
        // An expired row that was to be replaced went with the sweep.
        let rest = without(self.usage, before.filter(|row| lives(row, self.now)).as_ref());
        if fits(rest) { Ok(rest) } else { Err(WriteError::Quota) }
    }

    async fn count(&mut self, usage: Usage) -> Result<(), Error> {
        if self.usage != usage {
            write_usage(self.tx, self.plugin, usage).await?;
            self.usage = usage;
        }
        Ok(())
    }
}

/// Deletes what had expired at `now`, a transaction a plugin, and returns how many keys went.
pub async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, Error> {
    use plugin_kv::Column;
    let plugins: Vec<String> = plugin_kv::Entity::find()
        .select_only()
        .distinct()
        .column(Column::PluginId)
        .filter(Column::ExpiresAtMs.lte(now.millis()))
        .into_tuple()
        .all(db.conn())
        .await?;
    let mut gone = 0;
    for plugin in plugins {
        let tx = db.begin().await?;
        let before = lock_usage(&tx, &plugin).await?;
        let after = sweep(&tx, &plugin, before, now).await?;
        tx.commit().await?;
        gone += before.keys.saturating_sub(after.keys);
    }
    Ok(gone)
}

/// Deletes everything that `plugin` keeps.
pub async fn delete_of_plugin(tx: &DatabaseTransaction, plugin: &str) -> Result<(), Error> {
    lock_usage(tx, plugin).await?;
    plugin_kv::Entity::delete_many().filter(plugin_kv::Column::PluginId.eq(plugin)).exec(tx).await?;
    plugin_kv_usage::Entity::delete_by_id(plugin.to_owned()).exec(tx).await?;
    Ok(())
}

/// Deletes the expired of a plugin whose usage is locked and was `usage`; what it is now.
async fn sweep(tx: &DatabaseTransaction, plugin: &str, usage: Usage, now: Timestamp) -> Result<Usage, Error> {
    let expired = || {
        Condition::all()
            .add(plugin_kv::Column::PluginId.eq(plugin))
            .add(plugin_kv::Column::ExpiresAtMs.lte(now.millis()))
    };
    plugin_kv::Entity::delete_many().filter(expired()).exec(tx).await?;
    let left = counted(tx, plugin).await?;
    if left != usage {
        write_usage(tx, plugin, left).await?;
    }
    Ok(left)
}

/// What is there, counted anew. Both engines' `LENGTH` of bytes is their number.
async fn counted(tx: &DatabaseTransaction, plugin: &str) -> Result<Usage, Error> {
    let backend = tx.get_database_backend();
    let place = if backend == sea_orm::DatabaseBackend::Postgres { "$1" } else { "?" };
    let sql = format!(
        "SELECT COUNT(*), CAST(COALESCE(SUM(LENGTH(\"key\") + LENGTH(\"value\")), 0) AS BIGINT) \
         FROM plugin_kv WHERE plugin_id = {place}"
    );
    let row = tx.query_one_raw(Statement::from_sql_and_values(backend, sql, [plugin.into()])).await?;
    let Some(row) = row else { return Ok(Usage::default()) };
    let (keys, bytes): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok(Usage { bytes: bytes.unsigned_abs(), keys: keys.unsigned_abs() })
}

async fn lock_usage(tx: &DatabaseTransaction, plugin: &str) -> Result<Usage, Error> {
    let locked = || plugin_kv_usage::Entity::find_by_id(plugin.to_owned()).lock(LockType::Update);
    if let Some(row) = locked().one(tx).await? {
        return Ok(usage_of(&row));
    }
    let none = plugin_kv_usage::Model { plugin_id: plugin.to_owned(), bytes: 0, keys: 0 };
    plugin_kv_usage::Entity::insert(none.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let row = locked().one(tx).await?;
    Ok(row.as_ref().map(usage_of).unwrap_or_default())
}

async fn write_usage(tx: &DatabaseTransaction, plugin: &str, usage: Usage) -> Result<(), Error> {
    let stored = |number: u64| Expr::val(i64::try_from(number).unwrap_or(i64::MAX));
    plugin_kv_usage::Entity::update_many()
        .col_expr(plugin_kv_usage::Column::Bytes, stored(usage.bytes))
        .col_expr(plugin_kv_usage::Column::Keys, stored(usage.keys))
        .filter(plugin_kv_usage::Column::PluginId.eq(plugin))
        .exec(tx)
        .await?;
    Ok(())
}

async fn find(
    conn: &impl ConnectionTrait,
    plugin: &str,
    key: &[u8],
) -> Result<Option<plugin_kv::Model>, Error> {
    Ok(plugin_kv::Entity::find_by_id((plugin.to_owned(), key.to_vec())).one(conn).await?)
}

fn lives(row: &plugin_kv::Model, now: Timestamp) -> bool {
    row.expires_at_ms.is_none_or(|expires_at| expires_at > now.millis())
}

fn size_of(row: &plugin_kv::Model) -> u64 {
    (row.key.len() + row.value.len()) as u64
}

fn usage_of(row: &plugin_kv_usage::Model) -> Usage {
    Usage { bytes: row.bytes.unsigned_abs(), keys: row.keys.unsigned_abs() }
}

fn number(value: &[u8]) -> Option<i32> {
    str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::end_of;

    #[test]
    fn a_prefix_ends_before_the_next_that_does_not_have_it() {
        assert_eq!(end_of(b""), None);
        assert_eq!(end_of(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(end_of(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(end_of(b"\xff\xff"), None);
    }
}
