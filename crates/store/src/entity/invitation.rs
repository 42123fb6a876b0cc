//! Somebody who may come into a room, if they want to.

use sea_orm::entity::prelude::*;

/// A row of `invitations`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: Uuid,
    pub invited_by: Uuid,
    /// What they are to be: a number of [`crate::members::role_number`].
    pub role: i16,
    /// Until when they are not to write.
    pub muted_until_ms: Option<i64>,
    pub invited_at_ms: i64,
    /// When they refused. Empty: it waits for them. The row stays for a while, so that nobody asks again at once.
    pub refused_at_ms: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
