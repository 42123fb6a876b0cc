//! Somebody who asks to come into a room.

use sea_orm::entity::prelude::*;

/// A row of `join_requests`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "join_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// What they wrote when asking; empty: nothing.
    pub word: String,
    pub code: String,
    pub note: String,
    /// Which plugin left it to the moderators.
    pub plugin_id: String,
    pub asked_at_ms: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
