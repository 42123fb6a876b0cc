//! How much a plugin keeps, what has expired and was not swept yet included.

use sea_orm::entity::prelude::*;

/// A row of `plugin_kv_usage`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_kv_usage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub plugin_id: String,
    /// Of keys and values.
    pub bytes: i64,
    pub keys: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
