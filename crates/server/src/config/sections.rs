//! The root, and the sections that are the server's own.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use teahouse_accounts::{GuestsConfig, SecretsConfig, SessionsConfig};
use teahouse_api::ApiLimits;
use teahouse_chat::{ChatConfig, ChatLimits, MakingLimits};
use teahouse_gateway::{GatewayConfig, ProxyHeader, TrustedProxy};
use teahouse_plugins::PluginsConfig;
use teahouse_store::DatabaseConfig;

use super::kind::without_password;
use crate::tls::TlsConfig;

/// The whole configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) mode: Mode,
    pub(crate) data_dir: DataDir,
    pub(crate) server: ServerConfig,
    pub(crate) tls: TlsConfig,
    pub(crate) database: DatabaseConfig,
    pub(crate) wechat: teahouse_wechat::Config,
    pub(crate) guests: GuestsConfig,
    pub(crate) sessions: SessionsConfig,
    pub(crate) chat: ChatConfig,
    pub(crate) plugins: PluginsConfig,
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
    pub(crate) development_hosts: Vec<String>,
    pub(crate) simulator_reach: Vec<String>,
    pub(crate) drain_s: u64,
    pub(crate) metrics_listen: Option<String>,
    pub(crate) http_redirect_listen: Option<String>,
    pub(crate) trusted_proxies: Vec<TrustedProxy>,
    pub(crate) proxy_header: ProxyHeader,
    pub(crate) proxy_protocol: bool,
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

impl Config {
    /// The gateway's settings: what is said of connections in several sections.
    pub(crate) fn gateway(&self) -> GatewayConfig {
        let (chat, limits) = (&self.chat, &self.limits);
        GatewayConfig {
            heartbeat_ms: chat.heartbeat_s * 1000,
            frame_bytes: limits.frame_bytes,
            outgoing_frames: chat.outgoing_frames,
            outgoing_bytes: chat.outgoing_bytes,
            frames_per_second: limits.frames_per_second,
            frame_burst: limits.frame_burst,
            user_frames_per_second: limits.user_frames_per_second,
            user_frame_burst: limits.user_frame_burst,
            bad_frames_per_minute: limits.bad_frames_per_minute,
            connections_per_address: limits.connections_per_address,
            strangers_per_minute: limits.strangers_per_minute,
            session_openings_per_minute: limits.session_openings_per_minute,
            address_openings_per_minute: limits.address_openings_per_minute,
            guest_return_ms: limits.guest_return_s * 1000,
            requests_at_once_per_address: limits.requests_at_once_per_address,
            stall_ms: limits.stall_ms,
            bytes_per_second: limits.bytes_per_second,
            header_ms: limits.header_ms,
            shutdown_ms: self.server.drain_s * 1000,
            trusted_proxies: self.server.trusted_proxies.clone(),
            proxy_header: self.server.proxy_header,
            proxy_protocol: self.server.proxy_protocol,
            handshake_ms: self.tls.handshake_s * 1000,
            handshakes: self.tls.handshakes,
            ..GatewayConfig::default()
        }
    }

    /// The limits of the conversation.
    pub(crate) fn conversation(&self) -> ChatLimits {
        let limits = &self.limits;
        let count = |many: u32| usize::try_from(many).unwrap_or(usize::MAX);
        ChatLimits {
            messages_per_second: limits.messages_per_second,
            message_burst: limits.message_burst,
            signals_per_second: limits.signals_per_second,
            signal_burst: limits.signal_burst,
            reads_per_second: limits.reads_per_second,
            read_burst: limits.read_burst,
            connections_per_user: count(limits.connections_per_user),
            rooms_per_connection: count(limits.rooms_per_connection),
            watched_per_connection: count(limits.watched_per_connection),
            frame_bytes: limits.frame_bytes,
            making: MakingLimits {
                rooms_per_day: limits.rooms_per_day,
                directs_per_day: limits.directs_per_day,
                invitations_per_day: limits.invitations_per_day,
                invitations_waiting: limits.invitations_waiting,
            },
        }
    }

    /// For what listens beside the public port, where no proxy and no TLS stands before it.
    pub(crate) fn gateway_beside(&self) -> GatewayConfig {
        GatewayConfig { shutdown_ms: self.server.drain_s * 1000, ..GatewayConfig::default() }
    }

    /// Which database: the configured one, or SQLite in the data folder.
    pub(crate) fn database(&self) -> DatabaseConfig {
        DatabaseConfig { file: self.data_dir.file("teahouse.db"), ..self.database.clone() }
    }

    /// What the database is called in messages, without its password.
    pub(crate) fn database_name(&self) -> String {
        match self.database.url.expose_secret() {
            "" => self.database().file.display().to_string(),
            url => without_password(url),
        }
    }

    /// The limits of the REST surface.
    pub(crate) fn api(&self) -> ApiLimits {
        ApiLimits {
            requests_per_second: self.limits.requests_per_second,
            requests_at_once: self.limits.requests_at_once,
            body_bytes: self.limits.body_bytes,
        }
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
            development_hosts: Vec::new(),
            simulator_reach: Vec::new(),
            drain_s: 10,
            metrics_listen: None,
            http_redirect_listen: None,
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            proxy_protocol: false,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::default(), level: "info".to_owned() }
    }
}

/// What one person, connection or address may do; 0 where a limit is 0 for none. Each belongs to the crate that keeps
/// it; they stand together because an operator looks for them together.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsConfig {
    pub(crate) messages_per_second: u32,
    pub(crate) message_burst: u32,
    pub(crate) signals_per_second: u32,
    pub(crate) signal_burst: u32,
    pub(crate) reads_per_second: u32,
    pub(crate) read_burst: u32,
    pub(crate) connections_per_user: u32,
    pub(crate) rooms_per_connection: u32,
    pub(crate) watched_per_connection: u32,
    pub(crate) connections_per_address: u32,
    pub(crate) session_openings_per_minute: u32,
    pub(crate) address_openings_per_minute: u32,
    pub(crate) sign_ins_per_minute: u32,
    pub(crate) strangers_per_minute: u32,
    pub(crate) guest_return_s: u64,
    pub(crate) requests_per_second: u32,
    pub(crate) requests_at_once: u32,
    pub(crate) requests_at_once_per_address: u32,
    pub(crate) stranger_requests_per_second: u32,
    pub(crate) header_ms: u64,
    pub(crate) stall_ms: u64,
    pub(crate) bytes_per_second: u32,
    pub(crate) frames_per_second: u32,
    pub(crate) frame_burst: u32,
    pub(crate) user_frames_per_second: u32,
    pub(crate) user_frame_burst: u32,
    pub(crate) bad_frames_per_minute: u32,
    pub(crate) frame_bytes: usize,
    pub(crate) body_bytes: usize,
    pub(crate) rooms_per_day: u32,
    pub(crate) directs_per_day: u32,
    pub(crate) invitations_per_day: u32,
    pub(crate) invitations_waiting: u32,
}

impl Default for LimitsConfig {
    /// What a busy person never meets.
    fn default() -> Self {
        Self {
            messages_per_second: 20,
            message_burst: 60,
            signals_per_second: 30,
            signal_burst: 300,
            reads_per_second: 2_000,
            read_burst: 10_000,
            connections_per_user: 32,
            rooms_per_connection: 2_000,
            watched_per_connection: 1_000,
            connections_per_address: 10_000,
            session_openings_per_minute: 60,
            address_openings_per_minute: 10_000,
            sign_ins_per_minute: 300,
            strangers_per_minute: 60,
            guest_return_s: 3_600,
            requests_per_second: 50,
            requests_at_once: 32,
            requests_at_once_per_address: 512,
            stranger_requests_per_second: 100,
            header_ms: 15_000,
            stall_ms: 15_000,
            bytes_per_second: 1_024,
            frames_per_second: 50,
            frame_burst: 200,
            user_frames_per_second: 100,
            user_frame_burst: 400,
            bad_frames_per_minute: 20,
            frame_bytes: 64 * 1024,
            body_bytes: 64 * 1024,
            rooms_per_day: 50,
            directs_per_day: 50,
            invitations_per_day: 200,
            invitations_waiting: 200,
        }
    }
}
