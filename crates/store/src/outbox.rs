//! The outbox: durable work that follows from a commit.
//!
//! `due_at_ms` alone says when a row may be taken: a claim moves it to the end of its lease, a retry to the end of its
//! back-off, and a death to the end of time. So one index serves every search, and rows that nobody may take now cost
//! it nothing.

use std::time::Duration;

use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use teahouse_protocol::{NodeId, Timestamp};
use uuid::Uuid;

use crate::Error;
use crate::entity::outbox;

/// When a row that was given up is due.
const NEVER: i64 = i64::MAX;

/// The row of a job that nobody has taken yet, with an id of its own.
#[must_use]
pub fn new_row(kind: &str, payload: String, created_at: Timestamp, due_at: Timestamp) -> outbox::Model {
    outbox::Model {
        id: Uuid::now_v7(),
        kind: kind.to_owned(),
        payload,
        created_at_ms: created_at.millis(),
        due_at_ms: due_at.millis(),
        attempts: 0,
        lease_until_ms: None,
        dead_at_ms: None,
        last_error: None,
        lease_node: None,
    }
}

/// Writes rows, in the transaction whose consequence they are.
pub async fn insert(conn: &impl ConnectionTrait, rows: Vec<outbox::Model>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    outbox::Entity::insert_many(rows).exec_without_returning(conn).await?;
    Ok(())
}

/// Who claims rows, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// The end of it.
    pub until: Timestamp,
    /// Known, the rows are free again as soon as it is seen to be gone.
    pub node: Option<NodeId>,
}

/// Claims at most `limit` rows of `kinds` that are due at `now`, the longest due first; what another node claims at the
/// same moment is passed over. Needs a transaction. Reads the index `(due_at_ms, id)`.
pub async fn claim(
    tx: &DatabaseTransaction,
    kinds: &[&str],
    now: Timestamp,
    lease: Lease,
    limit: u64,
) -> Result<Vec<outbox::Model>, Error> {
    // Not one statement with a subquery: PostgreSQL's planner may run that more than once, and lock past its limit.
    let mut due = outbox::Entity::find()
        .filter(outbox::Column::DueAtMs.lte(now.millis()))
        .filter(outbox::Column::Kind.is_in(kinds.iter().copied()))
        .order_by_asc(outbox::Column::DueAtMs)
        .order_by_asc(outbox::Column::Id)
        .limit(limit)
        // SQLite has no row locks and needs none: its transactions write one at a time.
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx)
        .await?;
    if due.is_empty() {
        return Ok(due);
    }
    outbox::Entity::update_many()
        .col_expr(outbox::Column::DueAtMs, lease.until.millis().into())
        .col_expr(outbox::Column::LeaseUntilMs, lease.until.millis().into())
        .col_expr(outbox::Column::LeaseNode, Expr::val(lease.node.map(NodeId::uuid)))
        .col_expr(outbox::Column::Attempts, Expr::col(outbox::Column::Attempts).add(1))
        .filter(outbox::Column::Id.is_in(due.iter().map(|row| row.id)))
        .exec(tx)
        .await?;
    for row in &mut due {
        row.due_at_ms = lease.until.millis();
        row.lease_until_ms = Some(lease.until.millis());
        row.lease_node = lease.node.map(NodeId::uuid);
        row.attempts += 1;
    }
    Ok(due)
}

/// Deletes rows whose work is done.
pub async fn delete(conn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    outbox::Entity::delete_many().filter(outbox::Column::Id.is_in(ids.iter().copied())).exec(conn).await?;
    Ok(())
}

/// Puts a row whose attempt failed off until `due_at`. Only who still holds the lease may: it is the row's key.
pub async fn retry(
    conn: &impl ConnectionTrait,
    id: Uuid,
    lease_until: Timestamp,
    due_at: Timestamp,
    error: &str,
) -> Result<(), Error> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::DueAtMs, due_at.millis().into())
        .col_expr(outbox::Column::LeaseUntilMs, Expr::val(None::<i64>))
        .col_expr(outbox::Column::LastError, error.into())
        .filter(outbox::Column::Id.eq(id))
        .filter(outbox::Column::LeaseUntilMs.eq(lease_until.millis()))
        .exec(conn)
        .await?;
    Ok(())
}

/// Gives a row up: it stays, to be looked at, and is never claimed again.
pub async fn bury(
    conn: &impl ConnectionTrait,
    id: Uuid,
    lease_until: Timestamp,
    now: Timestamp,
    error: &str,
) -> Result<(), Error> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::DueAtMs, NEVER.into())
        .col_expr(outbox::Column::DeadAtMs, now.millis().into())
        .col_expr(outbox::Column::LeaseUntilMs, Expr::val(None::<i64>))
        .col_expr(outbox::Column::LastError, error.into())
        .filter(outbox::Column::Id.eq(id))
        .filter(outbox::Column::LeaseUntilMs.eq(lease_until.millis()))
        .exec(conn)
        .await?;
    Ok(())
}

/// Makes rows of the future due at once, and returns how many: they were written by a clock that ran ahead and has been put
/// right since, and would wait for as long as it was ahead.
pub(crate) async fn pull_in(conn: &impl ConnectionTrait, now: Timestamp) -> Result<u64, Error> {
    /// Clocks of nodes that are well differ by less.
    const AHEAD: Duration = Duration::from_secs(60);
    let pulled = outbox::Entity::update_many()
        .col_expr(outbox::Column::DueAtMs, now.millis().into())
        .filter(outbox::Column::CreatedAtMs.gt((now + AHEAD).millis()))
        .filter(outbox::Column::DueAtMs.lt(NEVER))
        .filter(outbox::Column::LeaseUntilMs.is_null())
        .exec(conn)
        .await?;
    Ok(pulled.rows_affected)
}

/// When the next row of `kinds` falls due, a lease's end included; `None` when nothing is left to do.
pub async fn next_due_at(conn: &impl ConnectionTrait, kinds: &[&str]) -> Result<Option<Timestamp>, Error> {
    let next: Option<i64> = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::DueAtMs)
        .filter(outbox::Column::DueAtMs.lt(NEVER))
        .filter(outbox::Column::Kind.is_in(kinds.iter().copied()))
        .order_by_asc(outbox::Column::DueAtMs)
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    Ok(next.map(Timestamp::from_millis))
}

/// How many rows were given up. Reads the index `(due_at_ms, id)`.
pub async fn count_dead(conn: &impl ConnectionTrait) -> Result<u64, Error> {
    Ok(outbox::Entity::find().filter(outbox::Column::DueAtMs.eq(NEVER)).count(conn).await?)
}

/// How many rows wait or are worked on.
pub async fn count_waiting(conn: &impl ConnectionTrait) -> Result<u64, Error> {
    Ok(outbox::Entity::find().filter(outbox::Column::DueAtMs.lt(NEVER)).count(conn).await?)
}

/// The rows that were given up after `after`, oldest first, at most `limit`.
pub async fn page_dead(
    conn: &impl ConnectionTrait,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<outbox::Model>, Error> {
    let mut page = outbox::Entity::find().filter(outbox::Column::DueAtMs.eq(NEVER));
    if let Some(after) = after {
        page = page.filter(outbox::Column::Id.gt(after));
    }
    Ok(page.order_by_asc(outbox::Column::Id).limit(limit).all(conn).await?)
}
