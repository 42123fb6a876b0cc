//! What filters changed, for those who wrote it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// What filters changed, for those who wrote it.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replacements(manager).await
    }
}

/// That a filter changed what a message says, which one, and what it told the sender. A table of its own: hardly any
/// message has one. No foreign key: the row is written before its message is.
async fn replacements(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("replacements")
        .col(uuid("message_id"))
        .col(text("by_name"))
        .col(text_null("note"))
        .primary_key(Index::create().col("message_id"))
        .to_owned();
    manager.create_table(table).await
}
