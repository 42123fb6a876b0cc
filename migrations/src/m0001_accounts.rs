//! Users, who they are elsewhere, and their sessions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Users, who they are elsewhere, and their sessions.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        users(manager).await?;
        identities(manager).await?;
        sessions(manager).await?;
        api_keys(manager).await?;
        admins(manager).await?;
        setup_links(manager).await?;
        idempotency_keys(manager).await?;
        Ok(())
    }
}

/// A user: an account, human, guest or bot.
async fn users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("users")
        .col(uuid("id"))
        .col(text("name"))
        .col(text_null("avatar"))
        .col(boolean("is_bot"))
        .col(boolean("is_guest"))
        .col(big_integer("created_at_ms"))
        .col(big_integer_null("last_seen_at_ms"))
        .col(big_integer_null("banned_at_ms"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    Ok(())
}

/// Who a user is elsewhere: at WeChat in one mini-program, or in a business's own system.
async fn identities(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("identities")
        .col(uuid("id"))
        .col(uuid("user_id"))
        .col(text("provider"))
        .col(text("app_id"))
        .col(text("subject"))
        .col(text_null("unionid"))
        .col(binary_null("session_key_sealed"))
        .col(big_integer_null("session_key_at_ms"))
        .col(big_integer("created_at_ms"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("identities", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("identities_by_provider_app_id_subject")
                .table("identities")
                .col("provider")
                .col("app_id")
                .col("subject")
                .unique()
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create().name("identities_by_unionid").table("identities").col("unionid").to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create().name("identities_by_user_id").table("identities").col("user_id").to_owned(),
        )
        .await?;
    Ok(())
}

/// A user signed in on a device. Only the hash of its token is kept.
async fn sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("sessions")
        .col(uuid("id"))
        .col(uuid("user_id"))
        .col(uuid_null("identity_id"))
        .col(binary("token_hash"))
        .col(text_null("device"))
        .col(big_integer("created_at_ms"))
        .col(big_integer("last_seen_at_ms"))
        .col(big_integer("expires_at_ms"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("sessions", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("sessions_by_token_hash")
                .table("sessions")
                .col("token_hash")
                .unique()
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("sessions_by_user_id_id")
                .table("sessions")
                .col("user_id")
                .col("id")
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("sessions_by_expires_at_ms")
                .table("sessions")
                .col("expires_at_ms")
                .to_owned(),
        )
        .await?;
    Ok(())
}

/// A business server's key. Only its hash is kept.
async fn api_keys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("api_keys")
        .col(uuid("id"))
        .col(text("name"))
        .col(binary("key_hash"))
        .col(big_integer("created_at_ms"))
        .col(big_integer_null("revoked_at_ms"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("api_keys_by_key_hash")
                .table("api_keys")
                .col("key_hash")
                .unique()
                .to_owned(),
        )
        .await?;
    Ok(())
}

/// A user who may enter the panel.
async fn admins(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("admins")
        .col(uuid("user_id"))
        .col(text("login"))
        .col(text_null("password_hash"))
        .col(big_integer("created_at_ms"))
        .primary_key(Index::create().col("user_id"))
        .foreign_key(ForeignKey::create().from("admins", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create().name("admins_by_login").table("admins").col("login").unique().to_owned(),
        )
        .await?;
    Ok(())
}

/// A one-time link by which an admin sets a password. Only its hash is kept.
async fn setup_links(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("setup_links")
        .col(binary("token_hash"))
        .col(uuid("user_id"))
        .col(big_integer("created_at_ms"))
        .col(big_integer("expires_at_ms"))
        .col(big_integer_null("used_at_ms"))
        .primary_key(Index::create().col("token_hash"))
        .foreign_key(ForeignKey::create().from("setup_links", "user_id").to("users", "id"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create().name("setup_links_by_user_id").table("setup_links").col("user_id").to_owned(),
        )
        .await?;
    Ok(())
}

/// The answer to a POST that carried an `Idempotency-Key`.
async fn idempotency_keys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("idempotency_keys")
        .col(uuid("user_id"))
        .col(text("key"))
        .col(binary("request_hash"))
        .col(small_integer("status"))
        .col(text("body"))
        .col(big_integer("created_at_ms"))
        .primary_key(Index::create().col("user_id").col("key"))
        .to_owned();
    manager.create_table(table).await?;
    manager
        .create_index(
            Index::create()
                .name("idempotency_keys_by_created_at_ms")
                .table("idempotency_keys")
                .col("created_at_ms")
                .to_owned(),
        )
        .await?;
    Ok(())
}
