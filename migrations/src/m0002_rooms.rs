//! Rooms, who is in them, and how far each has read.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Rooms, who is in them, and how far each has read.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rooms(manager).await?;
        members(manager).await?;
        bans(manager).await?;
        read_cursors(manager).await?;
        Ok(())
    }
}

/// A room, and how far its log reaches.
async fn rooms(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("rooms")
        .col(uuid("id"))
        .col(small_integer("kind"))
        .col(small_integer("visibility"))
        .col(text("name"))
        .col(text("announcement"))
        .col(text_null("unique_key"))
        .col(uuid_null("created_by"))
        .col(big_integer("created_at_ms"))
        .col(big_integer("last_seq"))
        .col(big_integer_null("deleted_at_ms"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create().name("rooms_by_unique_key").table("rooms").col("unique_key").unique().to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("rooms_by_visibility_id")
                .table("rooms")
                .col("visibility")
                .col("id")
                .to_owned(),
        )
        .await?;
    Ok(())
}

/// A user in a room.
async fn members(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("members")
        .col(uuid("room_id"))
        .col(uuid("user_id"))
        .col(small_integer("role"))
        .col(big_integer("joined_at_ms"))
        .col(big_integer_null("muted_until_ms"))
        .primary_key(Index::create().col("room_id").col("user_id"))
        .foreign_key(ForeignKey::create().from("members", "room_id").to("rooms", "id"))
        .foreign_key(ForeignKey::create().from("members", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("members_by_user_id_room_id")
                .table("members")
                .col("user_id")
                .col("room_id")
                .to_owned(),
        )
        .await?;
    Ok(())
}

/// A user who may not come back into a room.
async fn bans(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("bans")
        .col(uuid("room_id"))
        .col(uuid("user_id"))
        .col(uuid("banned_by"))
        .col(big_integer("banned_at_ms"))
        .primary_key(Index::create().col("room_id").col("user_id"))
        .foreign_key(ForeignKey::create().from("bans", "room_id").to("rooms", "id"))
        .foreign_key(ForeignKey::create().from("bans", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    Ok(())
}

/// How far a user has read a room's log.
async fn read_cursors(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("read_cursors")
        .col(uuid("room_id"))
        .col(uuid("user_id"))
        .col(big_integer("seq"))
        .col(big_integer("read_at_ms"))
        .primary_key(Index::create().col("room_id").col("user_id"))
        .foreign_key(ForeignKey::create().from("read_cursors", "room_id").to("rooms", "id"))
        .foreign_key(ForeignKey::create().from("read_cursors", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("read_cursors_by_user_id_room_id")
                .table("read_cursors")
                .col("user_id")
                .col("room_id")
                .to_owned(),
        )
        .await?;
    Ok(())
}
