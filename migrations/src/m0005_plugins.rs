//! Plugins: what is installed, agreed to and kept for them, and what waits for a moderator because of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Plugins: what is installed, agreed to and kept for them, and what waits for a moderator because of them.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        message_hops(manager).await?;
        api_key_scopes(manager).await?;
        plugins(manager).await?;
        versions(manager).await?;
        grants(manager).await?;
        rooms(manager).await?;
        kv(manager).await?;
        timers(manager).await?;
        events(manager).await?;
        verdicts(manager).await?;
        held_messages(manager).await?;
        reviews(manager).await?;
        join_requests(manager).await
    }
}

/// How many plugins in a row answered each other; 0: a person wrote it.
async fn message_hops(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = small_integer("hops").default(0).to_owned();
    manager.alter_table(Table::alter().table("messages").add_column(column).to_owned()).await
}

/// What a key opens beyond vouching for users, as words with spaces between.
async fn api_key_scopes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = text("scopes").default("").to_owned();
    manager.alter_table(Table::alter().table("api_keys").add_column(column).to_owned()).await
}

/// A plugin that is installed, as the admin set it up. `generation` grows with every change that a node must see.
async fn plugins(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugins")
        .col(text("id"))
        .col(boolean("enabled"))
        .col(text("digest"))
        .col(big_integer("generation"))
        .col(uuid_null("bot_user_id"))
        .col(text("settings"))
        .col(binary_null("secrets_sealed"))
        .col(text("policy"))
        .col(text("state"))
        .col(big_integer("installed_at_ms"))
        .col(big_integer("updated_at_ms"))
        .col(text_null("dispatch_node"))
        .col(big_integer_null("dispatch_until_ms"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("plugins", "bot_user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await
}

/// A package, whole, under its digest.
async fn versions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugin_versions")
        .col(text("digest"))
        .col(text("plugin_id"))
        .col(text("version"))
        .col(text("component_digest"))
        .col(text_null("signer"))
        .col(binary("package"))
        .col(big_integer("installed_at_ms"))
        .col(text("installed_by"))
        .primary_key(Index::create().col("digest"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("plugin_versions_by_plugin_id_installed_at_ms")
                .table("plugin_versions")
                .col("plugin_id")
                .col("installed_at_ms")
                .to_owned(),
        )
        .await
}

/// A capability that an admin agreed to, with the numbers, hosts and acts that were shown then.
async fn grants(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugin_grants")
        .col(text("plugin_id"))
        .col(text("capability"))
        .col(text("terms"))
        .col(text("digest"))
        .col(text("granted_by"))
        .col(big_integer("granted_at_ms"))
        .primary_key(Index::create().col("plugin_id").col("capability"))
        .to_owned();
    manager.create_table(table).await
}

/// A room that an admin chose for a plugin.
async fn rooms(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugin_rooms")
        .col(text("plugin_id"))
        .col(uuid("room_id"))
        .primary_key(Index::create().col("plugin_id").col("room_id"))
        .foreign_key(ForeignKey::create().from("plugin_rooms", "room_id").to("rooms", "id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create().name("plugin_rooms_by_room_id").table("plugin_rooms").col("room_id").to_owned(),
        )
        .await
}

/// What plugins keep, and how much each keeps, which is counted in the same transaction.
async fn kv(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugin_kv")
        .col(text("plugin_id"))
        .col(binary("key"))
        .col(binary("value"))
        .col(big_integer_null("expires_at_ms"))
        .primary_key(Index::create().col("plugin_id").col("key"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("plugin_kv_by_expires_at_ms")
                .table("plugin_kv")
                .col("expires_at_ms")
                .col("plugin_id")
                .to_owned(),
        )
        .await?;
    let usage = Table::create()
        .table("plugin_kv_usage")
        .col(text("plugin_id"))
        .col(big_integer("bytes"))
        .col(big_integer("keys"))
        .primary_key(Index::create().col("plugin_id"))
        .to_owned();
    manager.create_table(usage).await
}

/// When a bot wants to be woken. The token is new each time the timer is set or moved on.
async fn timers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugin_timers")
        .col(text("plugin_id"))
        .col(text("name"))
        .col(uuid("token"))
        .col(big_integer("due_at_ms"))
        .col(big_integer_null("every_ms"))
        .col(text("payload"))
        .primary_key(Index::create().col("plugin_id").col("name"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("plugin_timers_by_due_at_ms")
                .table("plugin_timers")
                .col("due_at_ms")
                .to_owned(),
        )
        .await
}

/// What bots have yet to handle. The ids of one plugin's events sort by their arrival.
async fn events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut id = text("id");
    if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
        // Sorted as bytes, as in SQLite: a language's order skips punctuation.
        id.extra("COLLATE \"C\"");
    }
    let table = Table::create()
        .table("plugin_events")
        .col(text("plugin_id"))
        .col(id)
        .col(uuid_null("room_id"))
        .col(text("kind"))
        .col(text("event"))
        .col(small_integer("hops"))
        .col(big_integer("created_at_ms"))
        .col(small_integer("attempts"))
        .primary_key(Index::create().col("plugin_id").col("id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("plugin_events_by_created_at_ms")
                .table("plugin_events")
                .col("created_at_ms")
                .to_owned(),
        )
        .await
}

/// Every verdict other than allow, without what was said.
async fn verdicts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugin_verdicts")
        .col(uuid("id"))
        .col(big_integer("at_ms"))
        .col(text("plugin_id"))
        .col(text("version"))
        .col(text("hook"))
        .col(text("verdict"))
        .col(text("code"))
        .col(text("input_digest"))
        .col(integer("took_us"))
        .col(uuid_null("room_id"))
        .col(uuid_null("user_id"))
        .col(uuid_null("message_id"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("plugin_verdicts_by_plugin_id_id")
                .table("plugin_verdicts")
                .col("plugin_id")
                .col("id")
                .to_owned(),
        )
        .await
}

/// A message or an edit that a filter kept from the room.
async fn held_messages(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("held_messages")
        .col(uuid("id"))
        .col(small_integer("state"))
        .col(uuid("room_id"))
        .col(uuid("sender_id"))
        .col(text_null("client_id"))
        .col(small_integer("kind"))
        .col(text("content"))
        .col(uuid_null("reply_to"))
        .col(text_null("mentions"))
        .col(small_integer("hops"))
        .col(big_integer("sent_at_ms"))
        .col(big_integer("after_seq"))
        .col(uuid_null("edit_of"))
        .col(text("plugin_id"))
        .col(text("code"))
        .col(text("note"))
        .col(small_integer("severity"))
        .col(text_null("decided_by"))
        .col(big_integer_null("decided_at_ms"))
        .col(text_null("reason"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    let indexes = [
        Index::create()
            .name("held_messages_by_room_sender_client_id")
            .table("held_messages")
            .col("room_id")
            .col("sender_id")
            .col("client_id")
            .unique()
            .to_owned(),
        Index::create()
            .name("held_messages_by_state_id")
            .table("held_messages")
            .col("state")
            .col("id")
            .to_owned(),
        Index::create()
            .name("held_messages_by_room_id_state_id")
            .table("held_messages")
            .col("room_id")
            .col("state")
            .col("id")
            .to_owned(),
    ];
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}

/// What a plugin put up for a moderator to look at, without keeping it from anybody.
async fn reviews(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("reviews")
        .col(uuid("id"))
        .col(uuid_null("message_id"))
        .col(uuid_null("room_id"))
        .col(text("subject"))
        .col(uuid("user_id"))
        .col(text("plugin_id"))
        .col(text("code"))
        .col(text("note"))
        .col(small_integer("severity"))
        .col(big_integer("at_ms"))
        .col(big_integer_null("closed_at_ms"))
        .col(text_null("closed_by"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    let indexes = [
        Index::create()
            .name("reviews_by_closed_at_ms_id")
            .table("reviews")
            .col("closed_at_ms")
            .col("id")
            .to_owned(),
        Index::create()
            .name("reviews_by_room_id_closed_at_ms_id")
            .table("reviews")
            .col("room_id")
            .col("closed_at_ms")
            .col("id")
            .to_owned(),
    ];
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}

/// Somebody who asks to come into a room, because a plugin left it to the room's moderators.
async fn join_requests(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("join_requests")
        .col(uuid("room_id"))
        .col(uuid("user_id"))
        .col(text("word"))
        .col(text("code"))
        .col(text("note"))
        .col(text("plugin_id"))
        .col(big_integer("asked_at_ms"))
        .primary_key(Index::create().col("room_id").col("user_id"))
        .foreign_key(ForeignKey::create().from("join_requests", "room_id").to("rooms", "id"))
        .foreign_key(ForeignKey::create().from("join_requests", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await
}
