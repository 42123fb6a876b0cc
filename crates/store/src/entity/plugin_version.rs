//! A package, whole, under its digest.

use sea_orm::entity::prelude::*;

/// A row of `plugin_versions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plugin_versions")]
pub struct Model {
    /// SHA-256 of the package, in hex.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    pub plugin_id: String,
    pub version: String,
    /// SHA-256 of the component, in hex.
    pub component_digest: String,
    pub signer: Option<String>,
    pub package: Vec<u8>,
    pub installed_at_ms: i64,
    pub installed_by: String,
}

/// Joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
