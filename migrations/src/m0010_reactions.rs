//! Reactions by emoji, and what a room allows of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Reactions by emoji, and what a room allows of them.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        by_emoji(manager).await?;
        of_room(manager).await
    }
}

/// Which kinds a message has, how many put each, and who: each is a look into this index, however many there are.
async fn by_emoji(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let index = Index::create()
        .name("reactions_by_emoji")
        .table("reactions")
        .col("message_id")
        .col("emoji")
        .col("user_id")
        .to_owned();
    manager.create_index(index).await
}

/// The emoji that may be put to a room's messages, as a JSON list (empty: any), and whether those who only read it may.
/// Nodes of the version before leave them out.
async fn of_room(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let allowed = Table::alter().table("rooms").add_column(text("allowed_reactions").default("")).to_owned();
    manager.alter_table(allowed).await?;
    let readers =
        Table::alter().table("rooms").add_column(boolean("readers_may_react").default(false)).to_owned();
    manager.alter_table(readers).await
}
