//! The real server as a process: started, asked, killed, started again on the same data.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};

use crate::{
    Answer, Engine, Keeper, Output, PATIENCE, Person, Proxy, Settings, Socket, Tool, WechatSim, database,
    program,
};

/// How long a start may take: a debug build that migrates on a busy machine.
const START: std::time::Duration = std::time::Duration::from_secs(60);

/// What the ready line says before the address.
const READY: [&str; 2] = ["listening on http://127.0.0.1:", "listening on https://127.0.0.1:"];

/// Where the server listens now; a restart changes the port.
#[derive(Clone, Default)]
pub(crate) struct Address(Arc<AtomicU16>);

impl Address {
    pub(crate) fn get(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.0.load(Ordering::SeqCst)).into()
    }
}

/// A server with its folder and its database. Ends with the test; shows its log when the test fails.
pub struct TestServer {
    folder: TempDir,
    settings: Settings,
    database_url: String,
    database_proxy: Option<Proxy>,
    address: Address,
    log: Arc<Mutex<Vec<String>>>,
    /// How many lines the log has.
    printed: watch::Sender<usize>,
    process: Option<Child>,
    http: reqwest::Client,
}

impl TestServer {
    /// Starts a server with a new database, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(engine: Engine, settings: Settings) -> Self {
        // Its own client wants one. Fails where one is there already, which does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let mut database_url = database::create(engine, &folder.path().join("data")).await;
        let mut database_proxy = None;
        if settings.database_through_proxy && engine == Engine::Postgres {
            let proxy = Proxy::before(address_in(&database_url)).await;
            let real = address_in(&database_url).to_string();
            database_url = database_url.replace(&real, &proxy.address().to_string());
            database_proxy = Some(proxy);
        }
        std::fs::create_dir(folder.path().join("data")).expect("the data folder");
        let mut server = Self {
            folder,
            settings,
            database_url,
            database_proxy,
            address: Address::default(),
            log: Arc::default(),
            printed: watch::Sender::new(0),
            process: None,
            http: reqwest::Client::new(),
        };
        server.start_again().await;
        server
    }

    /// Starts another server on the same database, with a folder of its own: a second node. SQLite's file is one server's.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_beside(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("data")).expect("the data folder");
        let mut server = Self {
            folder,
            settings: self.settings.clone(),
            database_url: self.database_url.clone(),
            database_proxy: None,
            address: Address::default(),
            log: Arc::default(),
            printed: watch::Sender::new(0),
            process: None,
            http: self.http.clone(),
        };
        server.start_again().await;
        server
    }

    /// Starts it on the data that it left, on another port; clients made earlier find it.
    ///
    /// # Panics
    /// When it does not start, or still runs.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server still runs");
        let mut process = self.serve().spawn().expect("the server starts");
        let (ready, port) = oneshot::channel();
        self.keep(process.stdout.take().expect("its output"), Some(ready));
        self.keep(process.stderr.take().expect("its errors"), None);
        self.process = Some(process);
        match tokio::time::timeout(START, port).await {
            Ok(Ok(port)) => self.address.0.store(port, Ordering::SeqCst),
            Ok(Err(_)) => panic!("the server ended before it was ready"),
            Err(_) => panic!("the server is not ready in time"),
        }
    }

    /// As [`start_again`](Self::start_again), for clients that can't be told of another port. Somebody else may have
    /// taken the port meanwhile, so tests that can do without don't ask for it.
    ///
    /// # Panics
    /// When it does not start, or still runs.
    pub async fn start_again_at_the_same_address(&mut self) {
        self.settings = self.settings.clone().set("server.listen", self.address());
        self.start_again().await;
    }

    /// A folder for what a person may want to look at after the run, such as pictures. It stays.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn artifacts(&self, name: &str) -> PathBuf {
        let all = std::env::var_os("TEAHOUSE_TEST_ARTIFACTS").map_or_else(std::env::temp_dir, PathBuf::from);
        let engine = self.database_url.split(':').next().expect("a scheme");
        let folder = all.join(format!("{name}-{engine}"));
        std::fs::create_dir_all(&folder).expect("the folder");
        folder
    }

    fn serve(&self) -> Command {
        let mut command = match self.settings.small_disk_mib {
            None => Command::new(program::teahouse()),
            Some(mib) => in_small_disk(&self.data_folder(), mib),
        };
        self.configure(command.arg("serve")).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn configure<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .current_dir(self.folder.path())
            .env("TEAHOUSE__MODE", "development")
            .env("TEAHOUSE__DATA_DIR", self.data_folder())
            .env("TEAHOUSE__SERVER__LISTEN", "127.0.0.1:0")
            .env("TEAHOUSE__DATABASE__URL", &self.database_url)
            .envs(&self.settings.environment)
            .stdin(Stdio::null())
            .kill_on_drop(true)
    }

    /// Runs another command of the binary on this server's data and settings.
    pub async fn command(&self, arguments: &[&str]) -> Output {
        self.command_with(arguments, &[]).await
    }

    /// Runs a script of bash in `folder`, with this server's settings, and with the binary in the path.
    ///
    /// # Panics
    /// When bash does not start.
    pub async fn shell(&self, folder: &Path, script: &str) -> Output {
        Output::of(&mut self.bash(folder, script)).await
    }

    /// As [`shell`](Self::shell), for what goes on meanwhile. Its errors stand among what it prints.
    ///
    /// # Panics
    /// When bash does not start.
    #[must_use]
    pub fn start_in_shell(&self, folder: &Path, script: &str) -> Tool {
        Tool::start(&mut self.bash(folder, &format!("exec 2>&1\n{script}")))
    }

    fn bash(&self, folder: &Path, script: &str) -> Command {
        let mut command = Command::new("bash");
        self.configure(command.args(["-c", script])).current_dir(folder);
        let binary = program::teahouse().parent().expect("the binary's folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(binary.to_path_buf()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).expect("a path"));
        // What was built for one run stays for the next one.
        command.env("CARGO_TARGET_DIR", binary.join("../test-tools/authors"));
        command
    }

    /// As [`command`](Self::command), with more in the environment.
    pub async fn command_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(program::teahouse());
        self.configure(command.args(arguments)).envs(environment.iter().copied());
        Output::of(&mut command).await
    }

    /// Keeps what it prints, and looks for the ready line.
    fn keep(
        &self,
        printed: impl AsyncRead + Unpin + Send + 'static,
        mut ready: Option<oneshot::Sender<u16>>,
    ) {
        let (log, count) = (Arc::clone(&self.log), self.printed.clone());
        tokio::spawn(async move {
            let mut lines = BufReader::new(printed).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((port, ready)) = port_in(&line).and_then(|port| Some((port, ready.take()?))) {
                    // The one who waits may have given up.
                    let _ = ready.send(port);
                }
                log.lock().expect("the log").push(line);
                count.send_modify(|count| *count += 1);
            }
        });
    }

    /// Where it listens now.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address.get()
    }

    /// An `http` URL of the server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// A `ws` URL of the server.
    #[must_use]
    pub fn ws_url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address())
    }

    /// Its data folder.
    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The data folder as the process sees it, which differs where it has a file system of its own.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn data_folder_inside(&self) -> PathBuf {
        let id = self.id();
        let data = self.data_folder();
        let inside = data.strip_prefix("/").expect("an absolute path");
        PathBuf::from(format!("/proc/{id}/root")).join(inside)
    }

    /// The proxy before its PostgreSQL, where the settings asked for one.
    #[must_use]
    pub fn database_proxy(&self) -> Option<&Proxy> {
        self.database_proxy.as_ref()
    }

    /// Everything that it has printed.
    ///
    /// # Panics
    /// Never: the lock is held by nobody who panics.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").join("\n")
    }

    /// How many lines it has printed: where [`prints`](Self::prints) begins to look.
    #[must_use]
    pub fn lines(&self) -> usize {
        *self.printed.borrow()
    }

    /// Waits for a line with all these words, from the line `from` on; returns where the next one stands.
    ///
    /// # Panics
    /// When there is none in time.
    pub async fn prints(&self, from: usize, words: &[&str]) -> usize {
        let mut printed = self.printed.subscribe();
        let waiting = async {
            let mut next = from;
            loop {
                printed.mark_unchanged();
                let is_it = |line: &String| words.iter().all(|word| line.contains(word));
                {
                    let log = self.log.lock().expect("the log");
                    if let Some(place) = log.iter().skip(next).position(is_it) {
                        return next + place + 1;
                    }
                    next = next.max(log.len());
                }
                printed.changed().await.expect("the log goes on");
            }
        };
        let found = tokio::time::timeout(START, waiting).await;
        found.unwrap_or_else(|_| panic!("nothing is printed with {words:?}"))
    }

    /// Who administers it from a program.
    pub async fn keeper(&self) -> Keeper {
        let made = self.command(&["token", "key", "keeper", "--admin"]).await;
        assert_eq!(made.code, 0, "{made:?}");
        Keeper::of(made.printed.trim(), self.address.clone(), self.http.clone())
    }

    /// An HTTP client without a session.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// `GET` without a session.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.http.get(self.url(path))).await
    }

    /// `POST` with JSON, without a session.
    pub async fn post(&self, path: &str, body: serde_json::Value) -> Answer {
        Answer::of(self.http.post(self.url(path)).json(&body)).await
    }

    /// WeChat, as this server sees it.
    #[must_use]
    pub fn wechat(&self) -> WechatSim {
        WechatSim { control: self.url("/wechat-sim/control"), http: self.http.clone() }
    }

    /// Makes a WeChat person, and signs in as a mini-program would.
    pub async fn person(&self, nickname: &str) -> Person {
        let login = self.wechat().phone(nickname).await.login().await;
        let session = self.post("/v1/auth/wechat", login.body()).await.expect(200);
        Person::of(&session, nickname, self.address.clone(), self.http.clone())
    }

    /// Signs in with this login.
    pub async fn sign_in(&self, nickname: &str, body: serde_json::Value) -> Person {
        let session = self.post("/v1/auth/wechat", body).await.expect(200);
        Person::of(&session, nickname, self.address.clone(), self.http.clone())
    }

    pub(crate) fn person_of(&self, session: &serde_json::Value, name: &str) -> Person {
        Person::of(session, name, self.address.clone(), self.http.clone())
    }

    /// Comes in without signing in.
    pub async fn guest(&self, name: &str) -> Person {
        let session = self.post("/v1/auth/guest", json!({ "name": name })).await.expect(200);
        self.person_of(&session, name)
    }

    /// Connects to a path, and expects no `hello`.
    ///
    /// # Panics
    /// When the upgrade is refused.
    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> Socket {
        let opened = Socket::open("a stranger", &self.ws_url(path), headers).await;
        opened.unwrap_or_else(|error| panic!("no upgrade of {path}: {error}"))
    }

    /// Ends it as a power failure would: SIGKILL, and nothing is flushed.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn kill(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        process.kill().await.expect("SIGKILL");
    }

    /// Asks it to end, as `docker stop` does.
    ///
    /// # Panics
    /// When it does not run.
    pub fn ask_to_end(&self) {
        kill(Pid::from_raw(self.id().cast_signed()), Signal::SIGTERM).expect("SIGTERM");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the server runs");
        let ended = tokio::time::timeout(PATIENCE, process.wait()).await;
        ended.expect("the server does not end").expect("its status")
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().and_then(Child::id).expect("the server runs")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server printed:\n{}\n---", self.log());
        }
    }
}

/// The port that the ready line names.
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = READY.iter().find_map(|ready| line.split_once(ready))?;
    rest.split(|sign: char| !sign.is_ascii_digit()).next()?.parse().ok()
}

/// `postgres://user@HOST:PORT/name`.
fn address_in(url: &str) -> SocketAddr {
    let (_, rest) = url.split_once('@').expect("a user");
    rest.split('/').next().expect("an address").parse().expect("an address and a port")
}

/// The server in a mount namespace of its own, where its data folder is a small file system in memory. It
/// goes with the process, however that ends.
fn in_small_disk(folder: &Path, mib: u32) -> Command {
    let script = r#"mount -t tmpfs -o "size=$1m" tmpfs "$2" && shift 2 && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh", &mib.to_string()]);
    command.arg(folder).arg(program::teahouse());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_stands_in_the_ready_line() {
        assert_eq!(port_in("listening on http://127.0.0.1:40123"), Some(40123));
        assert_eq!(port_in("listening on https://127.0.0.1:40123"), Some(40123));
        assert_eq!(port_in("listening on http://127.0.0.1:40123/ (development)"), Some(40123));
        assert_eq!(port_in("chat page http://127.0.0.1:40123/"), None);
    }

    #[test]
    fn the_address_stands_in_the_databases_url() {
        let address = address_in("postgres://teahouse@127.0.0.1:5433/test");
        assert_eq!(address, (Ipv4Addr::LOCALHOST, 5433).into());
    }
}
