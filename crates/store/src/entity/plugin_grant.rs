//! A capability that an admin agreed to.

use sea_orm::entity::prelude::*;

/// A row of `plugin_grants`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub plugin_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub capability: String,
    /// JSON: the numbers, hosts and acts that were shown.
    pub terms: String,
    /// The version that asked.
    pub digest: String,
    pub granted_by: String,
    pub granted_at_ms: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
