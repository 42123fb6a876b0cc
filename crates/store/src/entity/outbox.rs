//! Durable work that follows from a commit.

use sea_orm::entity::prelude::*;

/// A row of `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Which job.
    pub kind: String,
    /// JSON, as the job needs.
    pub payload: String,
    pub created_at_ms: i64,
    /// Not before this.
    pub due_at_ms: i64,
    pub attempts: i16,
    /// Claimed by a node until then.
    pub lease_until_ms: Option<i64>,
    /// Given up, kept to be looked at.
    pub dead_at_ms: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Which node claimed it.
    pub lease_node: Option<Uuid>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
