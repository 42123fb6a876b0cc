//! Work that follows from a commit, and the record of who did what.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Work that follows from a commit, and the record of who did what.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        outbox(manager).await?;
        audit(manager).await?;
        Ok(())
    }
}

/// Durable work that follows from a commit.
async fn outbox(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("outbox")
        .col(uuid("id"))
        .col(text("kind"))
        .col(text("payload"))
        .col(big_integer("created_at_ms"))
        .col(big_integer("due_at_ms"))
        .col(small_integer("attempts"))
        .col(big_integer_null("lease_until_ms"))
        .col(big_integer_null("dead_at_ms"))
        .col(text_null("last_error"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("outbox_by_due_at_ms_id")
                .table("outbox")
                .col("due_at_ms")
                .col("id")
                .to_owned(),
        )
        .await?;
    Ok(())
}

/// Who did what, for those who must answer for it.
async fn audit(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("audit")
        .col(uuid("id"))
        .col(big_integer("at_ms"))
        .col(uuid_null("actor_id"))
        .col(text("action"))
        .col(text("target_kind"))
        .col(text("target_id"))
        .col(text("detail"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("audit_by_target_kind_target_id_id")
                .table("audit")
                .col("target_kind")
                .col("target_id")
                .col("id")
                .to_owned(),
        )
        .await?;
    Ok(())
}
