//! A database for one test.

use sea_orm::{ConnectionTrait, Statement};
use teahouse_store::{DatabaseConfig, Db};
use uuid::Uuid;

/// A server's URL with a database's name, which is not used. `cargo xtask test` sets it.
const POSTGRES: &str = "TEAHOUSE_TEST_POSTGRES";

/// What a database is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// The server that `TEAHOUSE_TEST_POSTGRES` names.
    Postgres,
}

/// A database of a test's own, without any table.
pub struct TestDatabase {
    config: DatabaseConfig,
    postgres: Option<OnPostgres>,
    _folder: tempfile::TempDir,
}

struct OnPostgres {
    server: String,
    name: String,
}

impl TestDatabase {
    /// A new database; `None` where no PostgreSQL is named.
    ///
    /// # Panics
    /// When it can't be made.
    pub async fn create(engine: Engine) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let postgres = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(OnPostgres::create().await?),
        };
        let config = match &postgres {
            None => DatabaseConfig::sqlite(folder.path().join("test.db")),
            Some(postgres) => DatabaseConfig { max_connections: 6, ..DatabaseConfig::at(&postgres.url()) },
        };
        Some(Self { config, postgres, _folder: folder })
    }

    /// How to connect to it.
    #[must_use]
    pub fn config(&self) -> &DatabaseConfig {
        &self.config
    }

    /// Connects to it, as each node does.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn connect(&self) -> Db {
        Db::connect(&self.config).await.expect("a connection to the test's database")
    }

    /// Connects to it and makes the schema.
    ///
    /// # Panics
    /// When it does not answer, or a step fails.
    pub async fn migrated(&self) -> Db {
        let db = self.connect().await;
        db.migrate().await.expect("the schema");
        db
    }

    /// Each database of PostgreSQL takes megabytes and hundreds of files.
    pub(crate) async fn remove(self) {
        if let Some(postgres) = self.postgres {
            postgres.execute(&format!("DROP DATABASE {} WITH (FORCE)", postgres.name)).await;
        }
    }
}

impl OnPostgres {
    async fn create() -> Option<Self> {
        let server = std::env::var(POSTGRES).ok()?;
        let new = Self { server, name: format!("test_{}", Uuid::now_v7().simple()) };
        new.execute(&format!("CREATE DATABASE {} TEMPLATE template0", new.name)).await;
        Some(new)
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').expect("a URL with a path");
        format!("{server}/{}", self.name)
    }

    async fn execute(&self, statement: &str) {
        let connection = sea_orm::Database::connect(&self.server).await.expect("PostgreSQL answers");
        connection.execute_unprepared(statement).await.expect("databases may be created and dropped");
        connection.close().await.expect("the connection closes");
    }
}

/// The number that a query of one row and column gives.
///
/// # Panics
/// When it gives anything else.
pub async fn count(db: &Db, sql: &str) -> i64 {
    let backend = db.conn().get_database_backend();
    let row = db.conn().query_one_raw(Statement::from_string(backend, sql)).await;
    row.expect("the query is right").expect("a row").try_get_by_index(0).expect("a number")
}
