//! Our server, the real program with a development configuration and its limits off.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context as _;

use super::{Contestant, Name, provision};
use crate::{
    cores::Cores,
    dialect::{Dialect, Native, Seat},
    process::Server,
};

/// A benchmark's rates are beyond any person's, and all of its people come from one address.
const LIMITS_OFF: [&str; 14] = [
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
    "TEAHOUSE__LIMITS__CONNECTIONS_PER_USER",
    "TEAHOUSE__LIMITS__SESSION_OPENINGS_PER_MINUTE",
    "TEAHOUSE__LIMITS__ADDRESS_OPENINGS_PER_MINUTE",
];

/// Whether messages are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    Kept,
    Off,
}

pub(crate) struct Teahouse {
    cores: Cores,
    program: PathBuf,
    history: History,
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
        Ok(Self { cores, program, history, data, log, tokens: Vec::new(), arranged: HashMap::new() })
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
            // Without the plugins that come with it: what filters cost is another question.
            .env("TEAHOUSE__PLUGINS__BUNDLED", "false")
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
        match self.history {
            History::Kept => Name::History,
            History::Off => Name::NoHistory,
        }
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        Box::new(Native::default())
    }

    fn start(&mut self) -> anyhow::Result<Server> {
        self.serve()
    }

    fn seats(&mut self, server: &Server, rooms: usize, members: usize) -> anyhow::Result<Vec<Seat>> {
        if let Some(seats) = self.arranged.get(&(rooms, members)) {
            return Ok(seats.clone());
        }
        let missing = (rooms * members).saturating_sub(self.tokens.len());
        let first = self.tokens.len();
        self.tokens.extend(provision::guests(server.address, first, missing)?);
        let seats = provision::rooms(server.address, &self.tokens[..rooms * members], members)?;
        self.arranged.insert((rooms, members), seats.clone());
        Ok(seats)
    }
}
