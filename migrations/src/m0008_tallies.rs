//! Verdicts that stand for many alike, and bots that are gone.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Verdicts that stand for many alike, and bots that are gone.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        times(manager).await?;
        deactivated(manager).await
    }
}

/// How many verdicts a row stands for. Nodes of the version before leave it out.
async fn times(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let times =
        Table::alter().table("plugin_verdicts").add_column(big_integer("times").default(1)).to_owned();
    manager.alter_table(times).await
}

/// Since when a user is nobody's any more: the plugin whose bot it is was uninstalled. What it said stays under its name.
async fn deactivated(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let deactivated =
        Table::alter().table("users").add_column(big_integer_null("deactivated_at_ms")).to_owned();
    manager.alter_table(deactivated).await
}
