//! How far a user has read a room's log.

use sea_orm::entity::prelude::*;

/// A row of `read_cursors`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "read_cursors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub seq: i64,
    pub read_at_ms: i64,
    /// The user's own messages up to `own_seq`, as far as they come after `seq`.
    pub own_messages: i64,
    /// The last of them; not after `seq`: they are read, and `own_messages` says nothing.
    pub own_seq: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
