//! What a bot has yet to handle.

use sea_orm::entity::prelude::*;

/// A row of `plugin_events`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub plugin_id: String,
    /// Sorts by arrival among the events of its plugin.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Events of one room are handled in their order.
    pub room_id: Option<Uuid>,
    pub kind: String,
    /// JSON, see `plugins`.
    pub event: String,
    pub hops: i16,
    pub created_at_ms: i64,
    pub attempts: i16,
    /// Whose doing it is, a number for each user; absent: nobody's in particular.
    pub party: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
