//! A database for each test: a SQLite file in its folder, or a clone of a PostgreSQL template.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tokio::process::Command;

use crate::program;

/// The two databases that the server runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// The URL of a new, empty or already migrated database; a SQLite file lies in `folder`.
pub(crate) async fn create(engine: Engine, folder: &Path) -> String {
    match engine {
        Engine::Sqlite => format!("sqlite://{}/teahouse.db", folder.display()),
        Engine::Postgres => clone_template().await,
    }
}

/// The database is dropped with the cluster, at the end of the run: dropping it here would need every
/// connection to be gone first, and a failed test's database can be looked at.
async fn clone_template() -> String {
    let template = template_name();
    make_template(&template).await;
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    sql(&format!("create database {name} template {template}")).await;
    url_of(&name)
}

/// One template for each build of the server.
fn template_name() -> String {
    let binary = std::fs::metadata(program::teahouse()).expect("the binary under test");
    let built = binary.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let mut hasher = DefaultHasher::new();
    (built, binary.len()).hash(&mut hasher);
    format!("template_{:016x}", hasher.finish())
}

/// Migrates a database once for all tests, also for those in other processes: they wait at the file's lock.
async fn make_template(template: &str) {
    let path = std::env::temp_dir().join(format!("{template}.lock"));
    let _locked = tokio::task::spawn_blocking(move || lock(&path)).await.expect("the lock's thread");
    let found = sql(&format!("select 1 from pg_database where datname = '{template}'")).await;
    if found.trim() == "1" {
        return;
    }
    // Renamed when ready, so that a template that was left half made is never used.
    let draft = format!("draft_{}", uuid::Uuid::now_v7().simple());
    sql(&format!("create database {draft}")).await;
    let folder = tempfile::tempdir().expect("a folder");
    program::read(
        Command::new(program::teahouse())
            .args(["migrate", "up"])
            .current_dir(folder.path())
            .env("TEAHOUSE__DATA_DIR", folder.path())
            .env("TEAHOUSE__DATABASE__URL", url_of(&draft)),
    )
    .await;
    sql(&format!("alter database {draft} rename to {template}")).await;
}

fn lock(path: &PathBuf) -> File {
    let file = File::create(path).expect("a lock file");
    file.lock().expect("the template's lock");
    file
}

/// Runs one statement on the cluster.
async fn sql(statement: &str) -> String {
    let psql = std::env::var_os("TEAHOUSE_TEST_POSTGRES_BIN")
        .map_or_else(|| "psql".into(), |folder| Path::new(&folder).join("psql"));
    let mut command = Command::new(psql);
    command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", statement]);
    program::read(command.arg(cluster())).await
}

fn cluster() -> String {
    std::env::var("TEAHOUSE_TEST_POSTGRES")
        .expect("TEAHOUSE_TEST_POSTGRES names no PostgreSQL; `cargo xtask test` starts one")
}

fn url_of(database: &str) -> String {
    let cluster = cluster();
    let (server, _) = cluster.rsplit_once('/').expect("a URL that ends with a database");
    format!("{server}/{database}")
}
