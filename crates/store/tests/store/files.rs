//! Where SQLite's files are, and who may read them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use teahouse_store::{DatabaseConfig, Db};

/// The files in `folder` with their modes.
fn files(folder: &Path) -> BTreeMap<String, u32> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mode = |entry: &std::fs::DirEntry| entry.metadata().unwrap().permissions().mode() & 0o777;
    entries.map(|entry| (entry.file_name().into_string().unwrap(), mode(&entry))).collect()
}

fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn the_files_are_their_owners_alone_in_a_folder_that_everybody_reads() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path(), 0o755);
    let path = folder.path().join("tea.db");
    let db = Db::connect(&DatabaseConfig::sqlite(&path)).await.unwrap();
    db.migrate().await.unwrap();
    let expected = ["tea.db", "tea.db-shm", "tea.db-wal"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(files(folder.path()), BTreeMap::from(expected.clone()));
    // As an earlier version left them behind when it was killed.
    for name in ["tea.db", "tea.db-shm", "tea.db-wal"] {
        open_to_all(&folder.path().join(name), 0o644);
    }
    let again = Db::connect(&DatabaseConfig::sqlite(&path)).await.unwrap();
    assert_eq!(files(folder.path()), BTreeMap::from(expected));
    again.close().await;
    db.close().await;
}

/// A path is no address: what stands for something in one is an ordinary letter here.
#[tokio::test]
async fn the_file_is_at_the_path_whatever_letters_are_in_it() {
    for name in ["50%20off", "%", "tea?mode=memory", "tea#1", "two cups", "茶馆", "file:tea", "a&b=c+d"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name).join(format!("{name}.db"));
        let db = Db::connect(&DatabaseConfig::sqlite(&path)).await.unwrap();
        db.migrate().await.unwrap();
        db.close().await;
        assert_eq!(files(path.parent().unwrap()).into_keys().collect::<Vec<_>>(), [format!("{name}.db")]);
        assert_eq!(files(folder.path()).len(), 1, "{name}");
        assert!(std::fs::metadata(&path).unwrap().len() > 0, "{name}");
        let again = Db::connect(&DatabaseConfig::sqlite(&path)).await.unwrap();
        assert!(again.pending_migrations().await.unwrap().is_empty(), "{name}");
        again.close().await;
    }
}
