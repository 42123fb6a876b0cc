//! Invitations: who may come into which room, if they want to.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Invitations: who may come into which room, if they want to.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("invitations")
            .col(uuid("user_id"))
            .col(uuid("room_id"))
            .col(uuid("invited_by"))
            .col(small_integer("role"))
            .col(big_integer_null("muted_until_ms"))
            .col(big_integer("invited_at_ms"))
            .col(big_integer_null("refused_at_ms"))
            // Read by who is invited, a page at a time.
            .primary_key(Index::create().col("user_id").col("room_id"))
            .foreign_key(ForeignKey::create().from("invitations", "user_id").to("users", "id"))
            .foreign_key(ForeignKey::create().from("invitations", "room_id").to("rooms", "id"))
            .foreign_key(ForeignKey::create().from("invitations", "invited_by").to("users", "id"))
            .to_owned();
        manager.create_table(table).await?;
        let indexes = [
            Index::create()
                .name("invitations_by_room_id_invited_by")
                .table("invitations")
                .col("room_id")
                .col("invited_by")
                .to_owned(),
            Index::create()
                .name("invitations_by_invited_by_refused_at_ms")
                .table("invitations")
                .col("invited_by")
                .col("refused_at_ms")
                .to_owned(),
        ];
        for index in indexes {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
