//! On whose behalf what waits for a bot is there, so that nobody takes more than a share of its queue and its timers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

/// On whose behalf what waits for a bot is there, so that nobody takes more than a share of its queue and its timers.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null: on nobody's in particular. Nodes of the version before leave it out.
        for table in ["plugin_events", "plugin_timers"] {
            let party = Table::alter().table(table).add_column(big_integer_null("party")).to_owned();
            manager.alter_table(party).await?;
        }
        let of_one = Index::create()
            .name("plugin_events_by_plugin_id_party")
            .table("plugin_events")
            .col("plugin_id")
            .col("party")
            .to_owned();
        manager.create_index(of_one).await
    }
}
