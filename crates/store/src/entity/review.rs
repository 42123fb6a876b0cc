//! What a plugin put up for a moderator to look at.

use sea_orm::entity::prelude::*;

/// A row of `reviews`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub message_id: Option<Uuid>,
    pub room_id: Option<Uuid>,
    /// `message`, `user-name`, `room-name` or `announcement`.
    pub subject: String,
    /// Who wrote it.
    pub user_id: Uuid,
    pub plugin_id: String,
    pub code: String,
    pub note: String,
    pub severity: i16,
    pub at_ms: i64,
    pub closed_at_ms: Option<i64>,
    pub closed_by: Option<String>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
