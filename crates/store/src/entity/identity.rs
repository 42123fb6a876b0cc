//! Who a user is elsewhere: at WeChat in one mini-program, or in a business's own system.

use sea_orm::entity::prelude::*;

/// A row of `identities`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    /// `wechat`, `guest` or `external`.
    pub provider: String,
    /// The mini-program; empty where there is none.
    pub app_id: String,
    /// The openid, or the id in the other system.
    pub subject: String,
    /// The same person in all apps of one owner.
    pub unionid: Option<String>,
    /// WeChat's session key, encrypted.
    pub session_key_sealed: Option<Vec<u8>>,
    pub session_key_at_ms: Option<i64>,
    pub created_at_ms: i64,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
