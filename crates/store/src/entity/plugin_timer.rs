//! When a bot wants to be woken.

use sea_orm::entity::prelude::*;

/// A row of `plugin_timers`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_timers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub plugin_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// New each time the timer is set or moved on: who fires it must know it.
    pub token: Uuid,
    pub due_at_ms: i64,
    /// Absent: once.
    pub every_ms: Option<i64>,
    pub payload: String,
    /// On whose behalf it was set, a number for each user; absent: on nobody's in particular.
    pub party: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
