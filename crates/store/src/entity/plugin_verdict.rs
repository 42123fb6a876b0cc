//! A verdict other than allow, without what was said.

use sea_orm::entity::prelude::*;

/// A row of `plugin_verdicts`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_verdicts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at_ms: i64,
    pub plugin_id: String,
    pub version: String,
    pub hook: String,
    pub verdict: String,
    pub code: String,
    /// SHA-256 of what was checked, in hex.
    pub input_digest: String,
    pub took_us: i32,
    pub room_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub message_id: Option<Uuid>,
    /// How many it stands for, of which it is the last.
    pub times: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
