//! What bots have yet to handle: written once by id, handled at least once, bounded for each plugin.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use teahouse_protocol::{NodeId, Timestamp};

use crate::Error;
use crate::entity::{plugin, plugin_event};

/// Rows a statement: 9 columns each stay far below SQLite's 32 766 variables.
const ROWS_A_STATEMENT: usize = 512;

/// What became of events that were to be queued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// So many are new in the queue.
    pub added: u64,
    /// So many were not taken, because their plugin's queue is full.
    pub refused: u64,
}

/// How many events of a plugin may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub all: u64,
    /// Of one party's doing.
    pub of_one: u64,
}

/// Queues `events`; one that is there by its id stays as it is. Where as many wait as may, of the plugin or of one party's
/// doing, the newest are refused. Two nodes that queue at the same time may go past that by what one of them brings.
pub async fn insert(
    conn: &impl ConnectionTrait,
    events: Vec<plugin_event::Model>,
    room: Room,
) -> Result<Queued, Error> {
    let mut queued = Queued::default();
    // In one order everywhere: two nodes that queue the same events in two orders would each wait for the other.
    let mut of_plugins: BTreeMap<String, Vec<plugin_event::Model>> = BTreeMap::new();
    for event in events {
        of_plugins.entry(event.plugin_id.clone()).or_default().push(event);
    }
    for (plugin, mut events) in of_plugins {
        events.sort_by(|one, other| one.id.cmp(&other.id));
        events.dedup_by(|one, other| one.id == other.id);
        let waiting = count(conn, &plugin).await?;
        let mut left = room.all.saturating_sub(waiting);
        // While fewer wait in all than one may have, nobody has more, and nobody is asked about.
        let is_crowded = left < events.len() as u64 || waiting + events.len() as u64 > room.of_one;
        if is_crowded {
            let known = known(conn, &plugin, &events).await?;
            events.retain(|event| !known.contains(&event.id));
            let mut parties = counts_of(conn, &plugin, &events).await?;
            let asked = events.len();
            events.retain(|event| {
                let is_within =
                    left > 0 && event.party.is_none_or(|party| take(&mut parties, party, room.of_one));
                left -= u64::from(is_within);
                is_within
            });
            queued.refused += (asked - events.len()) as u64;
        }
        queued.added += write(conn, events).await?;
    }
    Ok(queued)
}

/// Counts one more of `party`, if there may be one more.
fn take(counts: &mut HashMap<i64, u64>, party: i64, most: u64) -> bool {
    let count = counts.entry(party).or_default();
    let may = *count < most;
    *count += u64::from(may);
    may
}

/// How many events wait of each party whose doing `events` are. Reads the index `(plugin_id, party)`.
async fn counts_of(
    conn: &impl ConnectionTrait,
    plugin: &str,
    events: &[plugin_event::Model],
) -> Result<HashMap<i64, u64>, Error> {
    let parties: HashSet<i64> = events.iter().filter_map(|event| event.party).collect();
    let parties: Vec<i64> = parties.into_iter().collect();
    let mut counts = HashMap::new();
    for part in parties.chunks(ROWS_A_STATEMENT) {
        let found: Vec<(i64, i64)> = plugin_event::Entity::find()
            .select_only()
            .column(plugin_event::Column::Party)
            .column_as(plugin_event::Column::Id.count(), "waiting")
            .filter(plugin_event::Column::PluginId.eq(plugin))
            .filter(plugin_event::Column::Party.is_in(part.iter().copied()))
            .group_by(plugin_event::Column::Party)
            .into_tuple()
            .all(conn)
            .await?;
        counts.extend(found.into_iter().map(|(party, count)| (party, u64::try_from(count).unwrap_or(0))));
    }
    Ok(counts)
}

async fn known(
    conn: &impl ConnectionTrait,
    plugin: &str,
    events: &[plugin_event::Model],
) -> Result<HashSet<String>, Error> {
    let mut known = HashSet::new();
    for part in events.chunks(ROWS_A_STATEMENT) {
        let ids: Vec<String> = plugin_event::Entity::find()
            .select_only()
            .column(plugin_event::Column::Id)
            .filter(plugin_event::Column::PluginId.eq(plugin))
            .filter(plugin_event::Column::Id.is_in(part.iter().map(|event| event.id.as_str())))
            .into_tuple()
            .all(conn)
            .await?;
        known.extend(ids);
    }
    Ok(known)
}

async fn write(conn: &impl ConnectionTrait, mut events: Vec<plugin_event::Model>) -> Result<u64, Error> {
    let mut added = 0;
    while !events.is_empty() {
        let rest = events.split_off(events.len().min(ROWS_A_STATEMENT));
        let rows = events.into_iter().map(IntoActiveModel::into_active_model);
        added += plugin_event::Entity::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(conn)
            .await?;
        events = rest;
    }
    Ok(added)
}

/// The oldest events of a plugin after `after`, at most `limit`. Reads the primary key.
pub async fn oldest(
    conn: &impl ConnectionTrait,
    plugin: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<plugin_event::Model>, Error> {
    let mut oldest = plugin_event::Entity::find().filter(plugin_event::Column::PluginId.eq(plugin));
    if let Some(after) = after {
        oldest = oldest.filter(plugin_event::Column::Id.gt(after));
    }
    Ok(oldest.order_by_asc(plugin_event::Column::Id).limit(limit).all(conn).await?)
}

/// Notes that `node` is about to handle events once more, and returns how many: one that kills its node each time is
/// known by that. None when the plugin's events are another node's to hand out by now.
pub async fn count_attempt(
    conn: &impl ConnectionTrait,
    plugin: &str,
    node: NodeId,
    ids: &[String],
) -> Result<u64, Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    let is_its_own = Query::select()
        .expr(Expr::val(1))
        .from(plugin::Entity)
        .and_where(plugin::Column::Id.eq(plugin))
        .and_where(plugin::Column::DispatchNode.eq(node.to_string()))
        .to_owned();
    let counted = plugin_event::Entity::update_many()
        .col_expr(plugin_event::Column::Attempts, Expr::col(plugin_event::Column::Attempts).add(1))
        .filter(plugin_event::Column::PluginId.eq(plugin))
        .filter(plugin_event::Column::Id.is_in(ids))
        .filter(Expr::exists(is_its_own))
        .exec(conn)
        .await?;
    Ok(counted.rows_affected)
}

/// Deletes events that were handled, and returns how many there were.
pub async fn delete(conn: &impl ConnectionTrait, plugin: &str, ids: &[String]) -> Result<u64, Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    let deleted = plugin_event::Entity::delete_many()
        .filter(plugin_event::Column::PluginId.eq(plugin))
        .filter(plugin_event::Column::Id.is_in(ids))
        .exec(conn)
        .await?;
    Ok(deleted.rows_affected)
}

/// How many events of a plugin wait.
pub async fn count(conn: &impl ConnectionTrait, plugin: &str) -> Result<u64, Error> {
    Ok(plugin_event::Entity::find().filter(plugin_event::Column::PluginId.eq(plugin)).count(conn).await?)
}

/// How many events of each plugin wait; those of whom none does are not named.
pub async fn counts(conn: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, Error> {
    Ok(plugin_event::Entity::find()
        .select_only()
        .column(plugin_event::Column::PluginId)
        .column_as(plugin_event::Column::Id.count(), "waiting")
        .group_by(plugin_event::Column::PluginId)
        .into_tuple()
        .all(conn)
        .await?)
}

/// Drops what was queued before `time`, and returns how many of which plugin. Reads the index `(created_at_ms)`.
pub async fn delete_before(tx: &impl ConnectionTrait, time: Timestamp) -> Result<Vec<(String, u64)>, Error> {
    let old: Vec<String> = plugin_event::Entity::find()
        .select_only()
        .distinct()
        .column(plugin_event::Column::PluginId)
        .filter(plugin_event::Column::CreatedAtMs.lt(time.millis()))
        .into_tuple()
        .all(tx)
        .await?;
    let mut dropped = Vec::with_capacity(old.len());
    for plugin in old {
        let deleted = plugin_event::Entity::delete_many()
            .filter(plugin_event::Column::PluginId.eq(&plugin))
            .filter(plugin_event::Column::CreatedAtMs.lt(time.millis()))
            .exec(tx)
            .await?;
        dropped.push((plugin, deleted.rows_affected));
    }
    Ok(dropped)
}

/// Drops every event of a plugin.
pub async fn delete_of_plugin(conn: &impl ConnectionTrait, plugin: &str) -> Result<(), Error> {
    plugin_event::Entity::delete_many().filter(plugin_event::Column::PluginId.eq(plugin)).exec(conn).await?;
    Ok(())
}
