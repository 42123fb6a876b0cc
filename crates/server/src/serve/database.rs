//! Opening the database, and making sure that its schema is ours.

use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;

use anyhow::{Context as _, bail};
use teahouse_store::{Db, private_file};

use crate::config::{Config, Mode};

/// Connects to the configured database. Its folder is made in development.
///
/// # Errors
/// When it can't be reached or opened; the error names the database without its password.
pub(crate) async fn connect(config: &Config) -> anyhow::Result<Db> {
    let folder = config.data_dir.path();
    // What people wrote is in it: it is nobody else's to read.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("could not make the folder {} (data_dir)", folder.display()))?;
    Db::connect(&config.database()).await.with_context(|| {
        format!(
            "could not open the database {} (database.url); does it run, and may this machine reach it?",
            config.database_name()
        )
    })
}

/// Connects, and has a schema that this program knows: in development it is made, in production
/// `teahouse migrate up` does that.
///
/// # Errors
/// As [`connect`], and when the schema is older or newer than this program.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Db> {
    let db = connect(config).await?;
    let ready = match config.mode {
        Mode::Development => {
            db.migrate().await.context("could not bring the database's schema to the newest")
        }
        Mode::Production => require_newest_schema(&db).await,
    };
    if let Err(error) = ready {
        db.close().await;
        return Err(error);
    }
    Ok(db)
}

/// SQLite's file is one server's: two would each believe that they alone number its messages. Held until the process
/// ends, however it ends; commands such as `admin create` may work beside it.
///
/// # Errors
/// When another server holds the data folder.
pub(crate) fn claim(config: &Config, db: &Db) -> anyhow::Result<Option<File>> {
    if !db.is_sqlite() {
        return Ok(None);
    }
    let path = config.data_dir.file("serve.lock");
    // Nobody else's to open either: whoever locks it keeps the server from starting.
    let file = private_file::ensure(&path).and_then(|()| File::create(&path));
    let file = file.with_context(|| format!("could not write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => bail!(
            "another server already uses the folder {} (data_dir): end it first, or give this one its own folder",
            config.data_dir.path().display()
        ),
        Err(TryLockError::Error(error)) => Err(error).context(format!("could not lock {}", path.display())),
    }
}

async fn require_newest_schema(db: &Db) -> anyhow::Result<()> {
    let pending = db.pending_migrations().await.context("could not read the database's schema")?;
    if !pending.is_empty() {
        bail!(
            "the database's schema is not the newest ({} to be taken): run `teahouse migrate up` first",
            pending.join(", ")
        );
    }
    Ok(())
}
