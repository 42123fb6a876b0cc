//! What of a plugin runs on a node.

use sea_orm::entity::prelude::*;

/// A row of `plugin_nodes`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_nodes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub plugin_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub node_id: Uuid,
    /// The generation that the node has seen.
    pub generation: i64,
    /// The version that runs there.
    pub version: Option<String>,
    /// JSON: its quarantine there. See `plugins`.
    pub state: String,
    /// Why what is to run there does not.
    pub problem: Option<String>,
    /// When the node last said so.
    pub seen_at_ms: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
