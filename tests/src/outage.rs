//! The database taken away from a running server, and given back.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::{PATIENCE, TestServer, program};

/// Takes SQLite's one write lock, says so, and holds it until its input ends.
const HOLD_THE_LOCK: &str = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute('begin immediate')
print('held', flush=True)
sys.stdin.read()
";

const CHECK: &str = "
import sqlite3, sys
database = sqlite3.connect('file:' + sys.argv[1] + '?mode=rw', uri=True, timeout=60)
print(database.execute('pragma integrity_check').fetchone()[0])
";

/// While this lives, the server can't reach its database, or not write to it.
pub struct Outage<'a> {
    server: &'a TestServer,
    holder: Option<Child>,
}

impl TestServer {
    /// Takes its database away: PostgreSQL's connections end and new ones are refused; SQLite's write lock is held
    /// by somebody else. The settings need `database_through_proxy`.
    ///
    /// # Panics
    /// When it can't.
    pub async fn take_database_away(&self) -> Outage<'_> {
        if let Some(proxy) = self.database_proxy() {
            proxy.cut();
            return Outage { server: self, holder: None };
        }
        let mut holder = program::venv_program("python")
            .args(["-c", HOLD_THE_LOCK])
            .arg(self.data_folder().join("teahouse.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Python starts");
        let mut said = BufReader::new(holder.stdout.take().expect("its output")).lines();
        let held = tokio::time::timeout(PATIENCE, said.next_line()).await;
        assert_eq!(held.expect("the lock in time").expect("a line").as_deref(), Some("held"));
        Outage { server: self, holder: Some(holder) }
    }

    /// What SQLite's own check says of the database file: `ok`, or what is broken.
    pub async fn sqlite_check(&self) -> String {
        // Within the process's own mounts, where its data folder may be a file system of its own. A path below
        // /proc/PID/root will not do: SQLite follows the link `root` by its text, out of them.
        let mut command = Command::new("nsenter");
        command.args([
            "--user",
            "--mount",
            "--preserve-credentials",
            "--target",
            &self.id().to_string(),
            "--",
        ]);
        let python = program::venv_program("python");
        command
            .arg(python.as_std().get_program())
            .args(["-c", CHECK])
            .arg(self.data_folder().join("teahouse.db"));
        program::read(&mut command).await.trim().to_owned()
    }
}

impl Outage<'_> {
    /// Ends the outage.
    ///
    /// # Panics
    /// When the one who holds the lock does not let go.
    pub async fn give_back(self) {
        if let Some(proxy) = self.server.database_proxy() {
            proxy.mend();
        }
        if let Some(mut holder) = self.holder {
            drop(holder.stdin.take());
            holder.wait().await.expect("the lock is let go");
        }
    }
}
