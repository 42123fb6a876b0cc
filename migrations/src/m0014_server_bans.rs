//! Bans from the server that end and have a reason, and that every node notices.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Bans from the server that end and have a reason, and that every node notices.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        bans(manager).await?;
        generations(manager).await
    }
}

/// `users.banned_at_ms` says that somebody is banned, as before. A node of the version before takes a ban that ends for
/// one that does not.
async fn bans(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [
        big_integer_null("banned_until_ms"),
        text_null("ban_reason"),
        // At which generation of `bans` it was changed last; absent: never.
        big_integer_null("ban_generation"),
    ] {
        manager.alter_table(Table::alter().table("users").add_column(column).to_owned()).await?;
    }
    let index =
        Index::create().name("users_by_ban_generation").table("users").col("ban_generation").to_owned();
    manager.create_index(index).await
}

/// Counters that grow with each change of something, in the change's own transaction.
async fn generations(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("generations")
        .col(text("subject"))
        .col(big_integer("value"))
        .primary_key(Index::create().col("subject"))
        .to_owned();
    manager.create_table(table).await?;
    let bans = Query::insert()
        .into_table("generations")
        .columns(["subject", "value"])
        .values_panic(["bans".into(), 0.into()])
        .to_owned();
    manager.execute(bans).await
}
