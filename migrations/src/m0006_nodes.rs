//! Nodes: which processes share the database, whose leases they hold, and what of each plugin runs on them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// Nodes: which processes share the database, whose leases they hold, and what of each plugin runs on them.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        nodes(manager).await?;
        lease_node(manager).await?;
        plugin_nodes(manager).await
    }
}

/// A process that serves. Its row goes when it ends, or when another finds that it is gone.
async fn nodes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("nodes")
        .col(uuid("id"))
        .col(big_integer("started_at_ms"))
        .primary_key(Index::create().col("id"))
        .to_owned();
    manager.create_table(table).await
}

/// Which node claimed a job, so that what a dead one had claimed need not wait for the lease's end.
async fn lease_node(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = uuid_null("lease_node").to_owned();
    manager.alter_table(Table::alter().table("outbox").add_column(column).to_owned()).await
}

/// What of a plugin runs on a node. Without foreign keys: a node says so until it has seen that the plugin is gone.
async fn plugin_nodes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("plugin_nodes")
        .col(text("plugin_id"))
        .col(uuid("node_id"))
        .col(big_integer("generation"))
        .col(text_null("version"))
        .col(text("state"))
        .col(text_null("problem"))
        .col(big_integer("seen_at_ms"))
        .primary_key(Index::create().col("plugin_id").col("node_id"))
        .to_owned();
    manager.create_table(table).await
}
