//! The root, and the sections that are the server's own.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use teahouse_accounts::{GuestsConfig, SecretsConfig, SessionsConfig};
use teahouse_store::DatabaseConfig;

/// The whole configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) mode: Mode,
    pub(crate) data_dir: DataDir,
    pub(crate) server: ServerConfig,
    pub(crate) database: DatabaseConfig,
    pub(crate) wechat: teahouse_wechat::Config,
    pub(crate) guests: GuestsConfig,
    pub(crate) sessions: SessionsConfig,
    pub(crate) chat: ChatConfig,
    pub(crate) limits: LimitsConfig,
    pub(crate) log: LogConfig,
    pub(crate) secrets: SecretsConfig,
}

/// How much is taken for granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// No preparation needed.
    #[default]
    Development,
    /// Nothing unsafe.
    Production,
}

/// The folder for what the server itself keeps.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct DataDir(PathBuf);

/// Where and how to listen.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerConfig {
    pub(crate) listen: String,
    pub(crate) workers: usize,
    pub(crate) public_url: Option<String>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) drain_s: u64,
}

/// What is logged, and how it looks.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    pub(crate) format: LogFormat,
    pub(crate) level: String,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For a terminal.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl DataDir {
    /// Where it is unless written.
    pub(crate) const USUAL: &str = "./data";

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Default for DataDir {
    fn default() -> Self {
        Self::USUAL.into()
    }
}

impl From<&str> for DataDir {
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

impl ServerConfig {
    /// How long a stopping server gives its connections to finish.
    pub(crate) const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_s)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            workers: 0,
            public_url: None,
            cors_origins: Vec::new(),
            drain_s: 10,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::default(), level: "info".to_owned() }
    }
}

// --- until the crates that use them bring their own ---
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ChatConfig {
    pub(crate) history: bool,
    pub(crate) heartbeat_s: u64,
    pub(crate) outgoing_frames: usize,
    pub(crate) outgoing_bytes: usize,
}
impl Default for ChatConfig {
    fn default() -> Self {
        Self { history: true, heartbeat_s: 30, outgoing_frames: 256, outgoing_bytes: 1_048_576 }
    }
}
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsConfig {
    pub(crate) messages_per_second: u32,
    pub(crate) message_burst: u32,
    pub(crate) connections_per_address: u32,
    pub(crate) sign_ins_per_minute: u32,
    pub(crate) requests_per_second: u32,
    pub(crate) frame_bytes: usize,
    pub(crate) body_bytes: usize,
}
impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            messages_per_second: 20,
            message_burst: 60,
            connections_per_address: 1000,
            sign_ins_per_minute: 120,
            requests_per_second: 50,
            frame_bytes: 65_536,
            body_bytes: 1_048_576,
        }
    }
}
