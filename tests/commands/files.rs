//! What the server keeps on disk: where it is, and who may read it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use teahouse_tests::{Engine, Settings, TestServer, server_test};

/// Every file below `folder` that somebody but its owner may do something with. A folder of the owner's alone hides what
/// is in it.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry")) {
        let metadata = entry.metadata().expect("its mode");
        match metadata.permissions().mode() & 0o077 {
            0 => {}
            _ if metadata.is_dir() => open.extend(open_to_others(&entry.path())),
            mode => open.push(format!("{} {mode:o}", entry.path().display())),
        }
    }
    open
}

/// systemd's `StateDirectory` makes the folder with 0755, before the server could make it with 0700.
#[server_test]
async fn nobody_else_reads_the_files_in_a_folder_that_everybody_reads(server: TestServer) {
    std::fs::set_permissions(server.data_folder(), Permissions::from_mode(0o755)).expect("the mode");
    server.person("ann").await.connect().await.send("c-1", "between us").await;
    assert!(std::fs::read_dir(server.data_folder()).expect("the folder").count() > 0);
    assert_eq!(open_to_others(&server.data_folder()), [""; 0]);
}

/// Neither a umask that hides nothing nor one that hides too much decides.
#[tokio::test]
async fn the_umask_does_not_decide_who_reads_the_database() {
    let server = TestServer::start(Engine::Sqlite, Settings::default()).await;
    let folder = server.data_folder();
    for umask in ["000", "022", "777"] {
        let script = format!(
            "mkdir -p open/{umask}; umask {umask}; export TEAHOUSE__DATABASE__URL= TEAHOUSE__DATA_DIR=open/{umask}
             teahouse migrate up && stat -c %a open/{umask}/teahouse.db"
        );
        let output = server.shell(&folder, &script).await;
        assert!(output.code == 0 && output.printed.trim().ends_with("\n600"), "umask {umask}: {output:?}");
    }
}

/// A folder's name may hold what means something in a URL.
#[tokio::test]
async fn the_database_is_in_the_data_folder_whatever_its_name() {
    for name in ["50%20off", "what?mode=memory#yes", "two cups of 茶", "file:tea"] {
        let settings = Settings::default().set("database.url", "").set("data_dir", name);
        let mut server = TestServer::start(Engine::Sqlite, settings).await;
        let ann = server.person("ann").await;
        let folder = server.data_folder().parent().expect("a parent").join(name);
        assert!(folder.join("teahouse.db").is_file(), "{name}");
        server.kill().await;
        server.start_again().await;
        assert_eq!(ann.get("/v1/me").await.expect(200)["name"], "ann", "{name}");
    }
}
