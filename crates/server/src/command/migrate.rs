//! `teahouse migrate`.

use clap::Subcommand;
use teahouse_store::Db;

use crate::config::Loaded;
use crate::serve;

#[derive(Debug, Subcommand)]
pub(super) enum MigrateCommand {
    /// Bring the schema to the newest; run it before a new version serves in production
    Up,
    /// List the steps taken and those still to be taken
    Status,
}

impl MigrateCommand {
    pub(super) fn run(&self, loaded: &Loaded) -> anyhow::Result<()> {
        serve::block_on_one_thread(async {
            let db = serve::connect(&loaded.config).await?;
            let outcome = match self {
                Self::Up => up(&db).await,
                Self::Status => status(&db).await,
            };
            db.close().await;
            outcome
        })
    }
}

async fn up(db: &Db) -> anyhow::Result<()> {
    let pending = db.pending_migrations().await?;
    db.migrate().await?;
    for step in &pending {
        println!("took {step}");
    }
    println!("The schema is the newest.");
    Ok(())
}

async fn status(db: &Db) -> anyhow::Result<()> {
    let (taken, pending) = (db.applied_migrations().await?, db.pending_migrations().await?);
    for step in &taken {
        println!("taken    {step}");
    }
    for step in &pending {
        println!("pending  {step}");
    }
    match pending.len() {
        0 => println!("The schema is the newest."),
        count => println!("{count} steps are to be taken: run `teahouse migrate up`."),
    }
    Ok(())
}
