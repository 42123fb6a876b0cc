//! Opening a database, SQLite or PostgreSQL, and beginning a transaction in it.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use teahouse_migrations::Migrator;

use crate::{Error, private_file};

/// How long a caller waits for a free connection before the database counts as away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long SQLite waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What sqlx calls a database that is in no file.
const IN_MEMORY: &str = "file:sqlx-in-memory";
/// Batches have as many statement texts as sizes: the default of 100 statements evicts them.
const STATEMENT_CACHE: usize = 512;

/// The section `database` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`. Empty: SQLite in [`DatabaseConfig::file`].
    pub url: SecretString,
    /// A path and no address: nothing in it is encoded. The server's own, not to be configured.
    #[serde(skip)]
    pub file: PathBuf,
    /// The most connections to PostgreSQL, of which half write, and at least 2; or the most readers of SQLite, which has one
    /// writer.
    pub max_connections: u32,
    /// How long a transaction of messages may take, in milliseconds. Past it it is given up, and its senders are told to
    /// try again.
    pub write_timeout_ms: u64,
    /// How long writes may stand still, in milliseconds, before the server counts as not ready.
    pub stalled_after_ms: u64,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: SecretString::default(),
            file: PathBuf::new(),
            max_connections: 8,
            write_timeout_ms: 10_000,
            stalled_after_ms: 5_000,
        }
    }
}

impl DatabaseConfig {
    /// SQLite in the file at `path`, which is made when it is not there.
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self { file: path.as_ref().to_path_buf(), ..Self::default() }
    }

    const fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    /// How long writes may stand still before the server counts as not ready.
    #[must_use]
    pub const fn stalled_after(&self) -> Duration {
        Duration::from_millis(self.stalled_after_ms)
    }

    /// The database at `url`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

/// An open database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Db {
    readers: DatabaseConnection,
    writer: DatabaseConnection,
    write_timeout: Duration,
}

impl Db {
    /// Opens the database of `config`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it can't be reached or opened, or its address is wrong.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, Error> {
        let url = config.url.expose_secret();
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return connect_postgres(url, config).await;
        }
        let options = match url {
            "" => SqliteConnectOptions::new().filename(&config.file),
            url => SqliteConnectOptions::from_str(url).map_err(conn_error)?,
        };
        connect_sqlite(options, config).await
    }

    /// For reading. Writes go through [`Db::begin`].
    #[must_use]
    pub fn conn(&self) -> &DatabaseConnection {
        &self.readers
    }

    /// For a single writing statement.
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// How long a transaction of the batch writer may take.
    pub(crate) const fn write_timeout(&self) -> Duration {
        self.write_timeout
    }

    /// Begins a transaction that writes. On SQLite it holds the one write lock from here on, so that it can't fail
    /// half-way because another wrote in between.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is to be had.
    pub async fn begin(&self) -> Result<DatabaseTransaction, Error> {
        let sqlite_transaction_mode = self.is_sqlite().then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.writer.get_database_backend() == DatabaseBackend::Sqlite
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.readers.ping().await?)
    }

    /// Brings the schema to the newest. Two nodes may do so at once: one waits for the other.
    ///
    /// # Errors
    /// [`Error::Schema`] when the database knows a step that this program does not.
    pub async fn migrate(&self) -> Result<(), Error> {
        if self.is_sqlite() {
            // The write lock keeps others out, and all steps are taken or none.
            let transaction = self.begin().await?;
            require_known_schema(&transaction).await?;
            Migrator::up(&transaction, None).await?;
            return Ok(transaction.commit().await?);
        }
        // The look comes after the lock: where there is no table of steps yet, it makes it.
        let lock = MigrationLock::take(self).await?;
        let migrated = async {
            require_known_schema(&self.writer).await?;
            Ok(Migrator::up(&self.writer, None).await?)
        };
        let migrated = migrated.await;
        lock.release().await?;
        migrated
    }

    /// The names of the steps not yet taken, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        let pending = Migrator::get_pending_migrations_read_only(&self.readers).await?;
        Ok(pending.iter().map(|step| step.name().to_owned()).collect())
    }

    /// The names of the steps taken, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn applied_migrations(&self) -> Result<Vec<String>, Error> {
        let applied = Migrator::get_applied_migrations_read_only(&self.readers).await?;
        Ok(applied.iter().map(|step| step.name().to_owned()).collect())
    }

    /// Closes every connection; on SQLite the log is folded into the database.
    pub async fn close(&self) {
        for connection in [&self.readers, &self.writer] {
            if let Err(error) = connection.close_by_ref().await {
                tracing::warn!(%error, "the database did not close cleanly");
            }
        }
    }
}

async fn require_known_schema(conn: &impl ConnectionTrait) -> Result<(), Error> {
    match Migrator::get_pending_migrations_read_only(conn).await {
        Err(DbErr::Custom(text)) => Err(Error::Schema(text)),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// Held on PostgreSQL while migrating, so that two nodes that start at once don't both create a table. An advisory lock
/// is the session's: the connection is kept until it is released.
struct MigrationLock(sqlx::pool::PoolConnection<sqlx::Postgres>);

impl MigrationLock {
    /// Any number, the same in every node.
    const KEY: i64 = 0x7465_6168_6f75_7365;

    async fn take(db: &Db) -> Result<Self, Error> {
        let pool = db.readers.get_postgres_connection_pool();
        let mut connection = pool.acquire().await.map_err(conn_error)?;
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(Self::KEY)
            .execute(&mut *connection)
            .await
            .map_err(conn_error)?;
        Ok(Self(connection))
    }

    async fn release(mut self) -> Result<(), Error> {
        let unlocked =
            sqlx::query("SELECT pg_advisory_unlock($1)").bind(Self::KEY).execute(&mut *self.0).await;
        unlocked.map(drop).map_err(conn_error)
    }
}

async fn connect_postgres(url: &str, config: &DatabaseConfig) -> Result<Db, Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(conn_error)?
        .application_name("teahouse")
        .statement_cache_capacity(STATEMENT_CACHE);
    let pool = |connections: u32| {
        PgPoolOptions::new().max_connections(connections.max(1)).acquire_timeout(ACQUIRE_TIMEOUT)
    };
    // Who reads much must not keep others from writing.
    let writers = config.max_connections / 2;
    let writer = pool(writers).connect_with(options.clone()).await.map_err(conn_error)?;
    let readers = pool(config.max_connections - writers).connect_with(options).await.map_err(conn_error)?;
    Ok(Db {
        readers: SqlxPostgresConnector::from_sqlx_postgres_pool(readers),
        writer: SqlxPostgresConnector::from_sqlx_postgres_pool(writer),
        write_timeout: config.write_timeout(),
    })
}

async fn connect_sqlite(options: SqliteConnectOptions, config: &DatabaseConfig) -> Result<Db, Error> {
    let options = in_private_file(options)
        .map_err(|error| conn_error(sqlx::Error::Io(error)))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With NORMAL an acknowledged message would not survive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // A many-row INSERT may fail half-way, so SQLite keeps a journal of the statement: in memory, not in a file.
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(STATEMENT_CACHE);
    let pool = |connections: u32| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A connection is a thread and an open file, not a network link: there is nothing to renew.
            .idle_timeout(None)
            .max_lifetime(None)
            // A disk that is full makes SQLite roll back by itself. sqlx then still counts a transaction, takes the
            // next one for a savepoint in it, and "commits" what the disk never sees. Such a connection is replaced.
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
    };
    // The writer comes first: it makes the file, and turns the write-ahead log on.
    let writer = pool(1).connect_with(options.clone()).await.map_err(conn_error)?;
    let readers = pool(config.max_connections.max(1)).connect_with(options).await.map_err(conn_error)?;
    Ok(Db {
        readers: SqlxSqliteConnector::from_sqlx_sqlite_pool(readers),
        writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
        write_timeout: config.write_timeout(),
    })
}

/// Makes the database's file, for its owner alone, and its folder where there is none. What SQLite puts beside it gets
/// the same mode; what an earlier version left there is closed to others.
fn in_private_file(options: SqliteConnectOptions) -> io::Result<SqliteConnectOptions> {
    if options.get_filename().to_string_lossy().starts_with(IN_MEMORY) {
        return Ok(options);
    }
    // SQLite takes what begins with `file:` for a URI, and an absolute path never does.
    let path = std::path::absolute(options.get_filename())?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    private_file::ensure(&path)?;
    for beside in ["-wal", "-shm", "-journal"] {
        let mut name = path.clone().into_os_string();
        name.push(beside);
        private_file::close_to_others(Path::new(&name))?;
    }
    Ok(options.filename(path))
}

fn conn_error(error: sqlx::Error) -> Error {
    Error::from(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}
