//! A plugin that is installed, as the admin set it up.

use sea_orm::entity::prelude::*;

/// A row of `plugins`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub enabled: bool,
    /// The version in use: a key of `plugin_versions`.
    pub digest: String,
    /// Grows with every change that a node must see.
    pub generation: i64,
    /// Whom the plugin acts as.
    pub bot_user_id: Option<Uuid>,
    /// A JSON object, without the secrets.
    pub settings: String,
    /// Encrypted by `plugins`.
    pub secrets_sealed: Option<Vec<u8>>,
    /// JSON, see `plugins`.
    pub policy: String,
    /// JSON: its quarantine. See `plugins`.
    pub state: String,
    pub installed_at_ms: i64,
    pub updated_at_ms: i64,
    /// Which node hands it its events.
    pub dispatch_node: Option<String>,
    /// And until when no other may.
    pub dispatch_until_ms: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
