//! A message or an edit that a filter kept from the room.

use sea_orm::entity::prelude::*;

/// A row of `held_messages`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "held_messages")]
pub struct Model {
    /// The id that the message has, or will have once it is let through.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// See `held::HeldState`.
    pub state: i16,
    pub room_id: Uuid,
    pub sender_id: Uuid,
    pub client_id: Option<String>,
    /// See `protocol::Kind`.
    pub kind: i16,
    /// Text, or JSON for other kinds.
    pub content: String,
    pub reply_to: Option<Uuid>,
    /// A JSON list of user ids.
    pub mentions: Option<String>,
    pub hops: i16,
    pub sent_at_ms: i64,
    /// How far the room's log reached then: where its sender sees it.
    pub after_seq: i64,
    /// The message that would say this; absent: a new message.
    pub edit_of: Option<Uuid>,
    /// Which plugin held it.
    pub plugin_id: String,
    pub code: String,
    pub note: String,
    pub severity: i16,
    pub decided_by: Option<String>,
    pub decided_at_ms: Option<i64>,
    pub reason: Option<String>,
    /// See `Fingerprint`.
    pub fingerprint: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
