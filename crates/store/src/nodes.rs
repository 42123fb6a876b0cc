//! The processes that share the database: which of them live, and what the dead had taken.
//!
//! On PostgreSQL a node lives as long as the session that holds its lock: the server sees a killed process's end at once,
//! and nobody has to wait for a lease. A process that can't be seen to end (its machine lost power) keeps its lock until
//! the network gives up, and its leases end by themselves. SQLite has one server: whoever starts is alone.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    RuntimeErr, Statement,
};
use sqlx::{Connection as _, PgConnection};
use teahouse_protocol::{NodeId, Timestamp};
use uuid::Uuid;

use crate::entity::{node, outbox, plugin_node};
use crate::{Db, Error, plugins};

/// Who else may use the database now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// Nobody: what others had taken is free.
    Alone,
    /// Other nodes, perhaps.
    Others,
}

/// A node's place among those that share the database.
#[derive(Debug)]
pub struct Presence {
    db: Db,
    id: NodeId,
    /// The session that holds the lock, on PostgreSQL.
    session: Option<PgConnection>,
}

impl Presence {
    /// Takes the place of `id`. Before this the node takes no lease.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is to be had.
    pub async fn enter(db: &Db, id: NodeId, company: Company, now: Timestamp) -> Result<Self, Error> {
        if company == Company::Alone {
            free_all(db, now).await?;
        }
        let mut presence = Self { db: db.clone(), id, session: None };
        presence.take_place(now).await?;
        let pulled = crate::outbox::pull_in(db.writer(), now).await?;
        if pulled > 0 {
            tracing::warn!(jobs = pulled, "the clock was put back: jobs of the future are done now");
        }
        Ok(presence)
    }

    /// Whose place it is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Makes sure that the place is still held. Where the session was lost it is taken again; what others freed
    /// meanwhile is theirs.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn keep(&mut self, now: Timestamp) -> Result<(), Error> {
        let Some(session) = &mut self.session else { return Ok(()) };
        if session.ping().await.is_ok() {
            return Ok(());
        }
        tracing::warn!(node.id = %self.id, "the session that says that this node lives was lost, and is made anew");
        self.session = None;
        self.take_place(now).await
    }

    /// Frees what dead nodes had taken, and returns how many there were.
    ///
    /// # Errors
    /// As the database fails.
    pub async fn bury_dead(&self, now: Timestamp) -> Result<usize, Error> {
        if self.db.is_sqlite() {
            return Ok(0);
        }
        let mut buried = 0;
        for other in others(self.db.conn(), self.id).await? {
            let tx = self.db.begin().await?;
            // Held until the commit: one who only lost its session waits for that with its return.
            if try_lock(&tx, other).await? {
                free(&tx, other, now).await?;
                tx.commit().await?;
                tracing::info!(node.id = %other, "a node is gone: what it had taken is free");
                buried += 1;
            }
        }
        Ok(buried)
    }

    /// Gives the place up, and whatever the node had still taken.
    ///
    /// # Errors
    /// As the database fails: then others find out that it is gone.
    pub async fn leave(self, now: Timestamp) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        free(&tx, self.id, now).await?;
        tx.commit().await?;
        if let Some(session) = self.session {
            session.close().await.map_err(conn_error)?;
        }
        Ok(())
    }

    /// First the lock, then the row: a row without a lock is a dead node's.
    async fn take_place(&mut self, now: Timestamp) -> Result<(), Error> {
        if !self.db.is_sqlite() {
            let pool = self.db.conn().get_postgres_connection_pool();
            // Not one of the pool's any more: it would be closed for its age.
            let mut session = pool.acquire().await.map_err(conn_error)?.detach();
            sqlx::query("SELECT pg_advisory_lock($1)")
                .bind(lock_key(self.id))
                .execute(&mut session)
                .await
                .map_err(conn_error)?;
            self.session = Some(session);
        }
        let row = node::Model { id: self.id.uuid(), started_at_ms: now.millis() };
        node::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(self.db.writer())
            .await?;
        Ok(())
    }
}

/// The key of the lock that a node's session holds: the part of its id that is random.
const fn lock_key(node: NodeId) -> i64 {
    i64::from_be_bytes(node.uuid().as_u64_pair().1.to_be_bytes())
}

async fn others(conn: &impl ConnectionTrait, id: NodeId) -> Result<Vec<NodeId>, Error> {
    let rows = node::Entity::find().filter(node::Column::Id.ne(id.uuid())).all(conn).await?;
    Ok(rows.into_iter().map(|row| NodeId::from_uuid(row.id)).collect())
}

/// Whether nobody holds the lock of `node`; then this transaction does.
async fn try_lock(tx: &DatabaseTransaction, node: NodeId) -> Result<bool, Error> {
    let sql = "SELECT pg_try_advisory_xact_lock($1)";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [lock_key(node).into()]);
    let row = tx.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index::<bool>(0)).transpose()?.unwrap_or(false))
}

/// Frees what `node` had taken, and forgets it.
async fn free(tx: &DatabaseTransaction, node: NodeId, now: Timestamp) -> Result<(), Error> {
    free_jobs(tx, Some(node), now).await?;
    plugins::release_dispatch(tx, None, node).await?;
    plugin_node::Entity::delete_many().filter(plugin_node::Column::NodeId.eq(node.uuid())).exec(tx).await?;
    node::Entity::delete_by_id(node.uuid()).exec(tx).await?;
    Ok(())
}

/// Frees what anybody had taken: nobody else is there.
async fn free_all(db: &Db, now: Timestamp) -> Result<(), Error> {
    let tx = db.begin().await?;
    free_jobs(&tx, None, now).await?;
    plugins::release_every_dispatch(&tx).await?;
    plugin_node::Entity::delete_many().exec(&tx).await?;
    node::Entity::delete_many().exec(&tx).await?;
    Ok(tx.commit().await?)
}

/// Jobs under way may be claimed again at once. Without an index: the outbox is short, and nodes die seldom.
async fn free_jobs(tx: &DatabaseTransaction, node: Option<NodeId>, now: Timestamp) -> Result<(), Error> {
    let mut jobs = outbox::Entity::update_many()
        .col_expr(outbox::Column::DueAtMs, now.millis().into())
        .col_expr(outbox::Column::LeaseUntilMs, Expr::val(None::<i64>))
        .col_expr(outbox::Column::LeaseNode, Expr::val(None::<Uuid>))
        // What waits for a repeat, or was given up, has none.
        .filter(outbox::Column::LeaseUntilMs.is_not_null());
    if let Some(node) = node {
        jobs = jobs.filter(outbox::Column::LeaseNode.eq(node.uuid()));
    }
    jobs.exec(tx).await?;
    Ok(())
}

fn conn_error(error: sqlx::Error) -> Error {
    Error::from(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}
