//! A user who may enter the panel.

use sea_orm::entity::prelude::*;

/// A row of `admins`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub login: String,
    /// Absent until the set-up link was used.
    pub password_hash: Option<String>,
    pub created_at_ms: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
