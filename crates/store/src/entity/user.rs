//! A user: an account, human, guest or bot.

use sea_orm::entity::prelude::*;

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name shown to others.
    pub name: String,
    /// The address of a picture.
    pub avatar: Option<String>,
    pub is_bot: bool,
    pub is_guest: bool,
    pub created_at_ms: i64,
    pub last_seen_at_ms: Option<i64>,
    /// Set while the user may not sign in.
    pub banned_at_ms: Option<i64>,
    /// When the ban ends; absent: it does not.
    pub banned_until_ms: Option<i64>,
    /// What the ban was given for.
    pub ban_reason: Option<String>,
    /// At which generation of bans it was set or lifted last.
    pub ban_generation: Option<i64>,
    /// Set while nobody is behind the user: the plugin whose bot it is was uninstalled.
    pub deactivated_at_ms: Option<i64>,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
