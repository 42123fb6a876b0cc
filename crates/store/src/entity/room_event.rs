//! Every event of a room's log that is not a message.

use sea_orm::entity::prelude::*;

/// A row of `room_events`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: Uuid,
    /// Its place in the room's log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// See `log::EventKind`.
    pub kind: i16,
    /// The message it is about.
    pub message_id: Option<Uuid>,
    /// Who did it.
    pub actor_id: Uuid,
    /// JSON, as its kind needs.
    pub detail: String,
    pub at_ms: i64,
    /// The how-many-eth of its room's log that is no message. `None`: a node of an older version wrote it.
    pub ordinal: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
