//! A room, and how far its log reaches.

use sea_orm::entity::prelude::*;

/// A row of `rooms`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rooms")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// See `RoomKind` in `rooms`.
    pub kind: i16,
    /// See `rooms`.
    pub visibility: i16,
    pub name: String,
    pub announcement: String,
    /// `lobby`, or `direct:A:B` for a pair; else absent.
    pub unique_key: Option<String>,
    pub created_by: Option<Uuid>,
    pub created_at_ms: i64,
    /// The newest event of the log.
    pub last_seq: i64,
    pub deleted_at_ms: Option<i64>,
    /// The emoji that may be put to messages here, as a JSON list; empty: any.
    pub allowed_reactions: String,
    /// Whether members who only read may react.
    pub readers_may_react: bool,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
