//! What a client sent under an id of its own, so that the same id with something else is noticed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// What a client sent under an id of its own.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["messages", "held_messages"] {
            fingerprint(manager, table).await?;
        }
        Ok(())
    }
}

/// A digest of what was sent. Absent where no id was given, and in rows of the version before.
async fn fingerprint(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    let column = Table::alter().table(table).add_column(big_integer_null("fingerprint")).to_owned();
    manager.alter_table(column).await
}
