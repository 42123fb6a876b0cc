//! A message as it is now: edited, or recalled and emptied.

use sea_orm::entity::prelude::*;

/// A row of `messages`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub room_id: Uuid,
    /// Its place in the room's log.
    pub seq: i64,
    pub sender_id: Uuid,
    /// The sender's own id, the key of idempotency.
    pub client_id: Option<String>,
    /// See `protocol::Kind`.
    pub kind: i16,
    /// Text, or JSON for other kinds.
    pub content: String,
    pub reply_to: Option<Uuid>,
    /// A JSON list of user ids.
    pub mentions: Option<String>,
    pub sent_at_ms: i64,
    pub edited_at_ms: Option<i64>,
    pub recalled_at_ms: Option<i64>,
    /// How many plugins in a row answered each other; 0: a person wrote it.
    pub hops: i16,
    /// See `Fingerprint`.
    pub fingerprint: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
