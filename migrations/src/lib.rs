#![doc = include_str!("../README.md")]

use sea_orm_migration::prelude::*;

mod m0001_accounts;
mod m0002_rooms;
mod m0003_messages;
mod m0004_outbox_and_audit;
mod m0005_plugins;
mod m0006_nodes;
mod m0007_replacements;
mod m0008_tallies;
mod m0009_shares;
mod m0010_reactions;
mod m0011_fingerprints;
mod m0013_invitations;
mod m0014_server_bans;
mod m0015_unread_by_arithmetic;

/// Brings a database to the newest schema, a step at a time.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_rooms::Migration),
            Box::new(m0003_messages::Migration),
            Box::new(m0004_outbox_and_audit::Migration),
            Box::new(m0005_plugins::Migration),
            Box::new(m0006_nodes::Migration),
            Box::new(m0007_replacements::Migration),
            Box::new(m0008_tallies::Migration),
            Box::new(m0009_shares::Migration),
            Box::new(m0010_reactions::Migration),
            Box::new(m0011_fingerprints::Migration),
            Box::new(m0013_invitations::Migration),
            Box::new(m0014_server_bans::Migration),
            Box::new(m0015_unread_by_arithmetic::Migration),
        ]
    }
}
