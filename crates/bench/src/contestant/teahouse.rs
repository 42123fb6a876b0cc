//! Our server, the real program with a development configuration and its limits off.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use super::{Contestant, Name, provision};
use crate::{
    cores::Cores,
    dialect::{Dialect, Native, Seat},
    http::Http,
    process::Server,
};

/// A benchmark's rates are beyond any person's, and all of its people come from one address.
const LIMITS_OFF: [&str; 16] = [
    "TEAHOUSE__LIMITS__MESSAGES_PER_SECOND",
    "TEAHOUSE__LIMITS__MESSAGE_BURST",
    "TEAHOUSE__LIMITS__CONNECTIONS_PER_ADDRESS",
    "TEAHOUSE__LIMITS__SIGN_INS_PER_MINUTE",
    "TEAHOUSE__LIMITS__REQUESTS_PER_SECOND",
    "TEAHOUSE__LIMITS__REQUESTS_AT_ONCE",
    "TEAHOUSE__LIMITS__REQUESTS_AT_ONCE_PER_ADDRESS",
    "TEAHOUSE__LIMITS__STRANGER_REQUESTS_PER_SECOND",
    "TEAHOUSE__LIMITS__FRAMES_PER_SECOND",
    "TEAHOUSE__LIMITS__USER_FRAMES_PER_SECOND",
    "TEAHOUSE__LIMITS__SIGNALS_PER_SECOND",
    "TEAHOUSE__LIMITS__READS_PER_SECOND",
    "TEAHOUSE__LIMITS__CONNECTIONS_PER_USER",
    "TEAHOUSE__LIMITS__SESSION_OPENINGS_PER_MINUTE",
    "TEAHOUSE__LIMITS__ADDRESS_OPENINGS_PER_MINUTE",
    "TEAHOUSE__LIMITS__ROOMS_PER_DAY",
];

/// Whether messages are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    Kept,
    Off,
}

/// Whether the plugins that come with the server are there: those of them that its first start enables are at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bundled {
    Left,
    AtWork,
}

/// Of the plugins that come with the server, those that its first start enables.
const ENABLED_AT_FIRST: usize = 2;
/// How long they may take to be installed, and to be done with what a bot had to say.
const PLUGINS_PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Teahouse {
    cores: Cores,
    program: PathBuf,
    history: History,
    bundled: Bundled,
    data: PathBuf,
    log: PathBuf,
    tokens: Vec<String>,
    /// Rooms that stand already, by their number and their members'.
    arranged: HashMap<(usize, usize), Vec<Seat>>,
}

impl Teahouse {
    /// A server of its own, with an empty database in `data`.
    pub(crate) fn new(
        cores: Cores,
        program: PathBuf,
        history: History,
        data: PathBuf,
    ) -> anyhow::Result<Self> {
        fs::create_dir_all(&data).with_context(|| format!("creating {}", data.display()))?;
        let log = data.join("server.log");
        let (tokens, arranged) = (Vec::new(), HashMap::new());
        Ok(Self { cores, program, history, bundled: Bundled::Left, data, log, tokens, arranged })
    }

    /// The same with the plugins that come with it.
    pub(crate) fn with_bundled(self) -> Self {
        Self { bundled: Bundled::AtWork, ..self }
    }

    /// Waits until the plugins are at work, and have nothing left to do: what they say to those who come in is no part
    /// of what is measured.
    fn wait_for_plugins(&self, server: &Server) -> anyhow::Result<()> {
        if self.bundled == Bundled::Left {
            return Ok(());
        }
        let began = Instant::now();
        loop {
            let metrics = Http::connect(server.address)?.text("/metrics")?;
            let sum = |name: &str, label: &str| -> f64 {
                let lines = metrics.lines().filter(|line| line.starts_with(name) && line.contains(label));
                lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
            };
            let running = sum("teahouse_plugin_state{", "state=\"running\"");
            let waiting = sum("teahouse_plugin_events_waiting{", "plugin=")
                + sum("teahouse_jobs{", "state=\"waiting\"");
            if running >= ENABLED_AT_FIRST as f64 && waiting == 0.0 {
                return Ok(());
            }
            ensure!(
                began.elapsed() < PLUGINS_PATIENCE,
                "{running} plugins run, {waiting} events wait: see {}",
                self.log.display()
            );
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Starts it. What an earlier process has stored is there again.
    pub(crate) fn serve(&self) -> anyhow::Result<Server> {
        Server::start(self.cores, self.command().arg("serve"), &self.log)
    }

    /// The program with this server's configuration, to be called with arguments.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.data);
        for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("TEAHOUSE__"))
        {
            command.env_remove(key);
        }
        command
            .env("TEAHOUSE__MODE", "development")
            .env("TEAHOUSE__PLUGINS__BUNDLED", if self.bundled == Bundled::AtWork { "true" } else { "false" })
            .env("TEAHOUSE__DATA_DIR", &self.data)
            .env("TEAHOUSE__SERVER__LISTEN", "127.0.0.1:0")
            .env("TEAHOUSE__SERVER__WORKERS", "1")
            .env("TEAHOUSE__GUESTS__ALLOWED", "true")
            .env("TEAHOUSE__CHAT__HISTORY", if self.history == History::Kept { "true" } else { "false" })
            .envs(LIMITS_OFF.map(|key| (key, "0")));
        command
    }
}

/// What the program says its version is.
pub(crate) fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl Contestant for Teahouse {
    fn name(&self) -> Name {
        match (self.history, self.bundled) {
            (History::Off, _) => Name::NoHistory,
            (History::Kept, Bundled::Left) => Name::History,
            (History::Kept, Bundled::AtWork) => Name::Default,
        }
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(Native::default())
    }

    fn start(&mut self) -> anyhow::Result<Server> {
        let server = self.serve()?;
        self.wait_for_plugins(&server)?;
        Ok(server)
    }

    fn seats(&mut self, server: &Server, rooms: usize, members: usize) -> anyhow::Result<Vec<Seat>> {
        if let Some(seats) = self.arranged.get(&(rooms, members)) {
            return Ok(seats.clone());
        }
        let missing = (rooms * members).saturating_sub(self.tokens.len());
        let first = self.tokens.len();
        self.tokens.extend(provision::guests(server.address, first, missing)?);
        let seats = provision::rooms(server.address, &self.tokens[..rooms * members], members)?;
        self.wait_for_plugins(server)?;
        self.arranged.insert((rooms, members), seats.clone());
        Ok(seats)
    }
}
