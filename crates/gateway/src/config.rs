//! How the gateway listens, and how much it lets one connection do.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;

/// The gateway's settings. A limit of 0 is no limit; spans are in milliseconds so that tests can make them short.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// How often a connection is pinged; one that is silent for twice that is closed with 4008.
    pub heartbeat_ms: u64,
    /// The largest message from a client in bytes, over all its fragments; one larger closes with 1009.
    pub frame_bytes: usize,
    /// The most frames that may wait for one connection; one more closes it with 4029.
    pub outgoing_frames: usize,
    /// The most bytes that may wait for one connection; one more closes it with 4029.
    pub outgoing_bytes: usize,
    /// How long a connection may take nothing of what is written to it before it is closed with 4029.
    pub write_stall_ms: u64,
    /// How long a client has to read its close frame before the connection is cut.
    pub close_ms: u64,
    /// Frames a second on one connection, averaged; 0: no limit. More are refused, and in the end closed with 4029.
    pub frames_per_second: u32,
    /// Frames at once on one connection.
    pub frame_burst: u32,
    /// Frames a second of one user over all their connections, averaged; 0: no limit. More are refused like those of
    /// one connection.
    pub user_frames_per_second: u32,
    /// Frames at once of one user.
    pub user_frame_burst: u32,
    /// Bad frames on one connection within a minute; one more closes it with 1008. 0: no limit.
    pub bad_frames_per_minute: u32,
    /// Sockets open at once from one address; one more is told so and closed with 4029. 0: no limit. Connections that
    /// are no sockets have an allowance beside it. Those of a trusted proxy are the proxy's clients', and counted as theirs.
    pub connections_per_address: u32,
    /// Sockets without a valid session that one address may open in a minute: each is accepted, told and closed,
    /// because its client can't see the status of a refused upgrade. More are refused with 429. 0: no limit.
    pub strangers_per_minute: u32,
    /// Sockets that one session may open in a minute; one more is told so and closed with 4029. 0: no limit.
    pub session_openings_per_minute: u32,
    /// As [`session_openings_per_minute`](Self::session_openings_per_minute), of one address.
    pub address_openings_per_minute: u32,
    /// How long after their socket is gone a guest of the tutorials' doors, whose clients can keep no token, is given
    /// again to a client that comes from the same address and is of the same kind. 0: each connection is a new guest.
    pub guest_return_ms: u64,
    /// HTTP requests under way at once from one address, from their heads to the last byte of their answers; more get
    /// 429. 0: no limit.
    pub requests_at_once_per_address: u32,
    /// How long a request's body may stand still on its way, and the taking of an answer; 0: no limit.
    pub stall_ms: u64,
    /// How much of a body must come, and of an answer be taken, each second: averaged over the time that we wait for the
    /// client, after `stall_ms`. 0: only standing still is bounded.
    pub bytes_per_second: u32,
    /// How long a client may take for a request's head; also how long an unused connection is kept.
    pub header_ms: u64,
    /// The largest request head in bytes.
    pub header_bytes: usize,
    /// The kernel's buffer for what one connection has not taken yet, in bytes; 0: the kernel decides, up to
    /// megabytes for each slow reader.
    pub send_buffer_bytes: usize,
    /// How long requests and sockets have to end when the server stops.
    pub shutdown_ms: u64,
    /// Whose word about a client's address counts. Behind such a proxy each client is limited by its own address.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Where a trusted proxy says whose request it passes on.
    pub proxy_header: ProxyHeader,
    /// Whether trusted proxies begin each connection with the PROXY protocol, and are refused without it.
    pub proxy_protocol: bool,
    /// How long a client may take for a TLS handshake.
    pub handshake_ms: u64,
    /// TLS handshakes under way at once, of which one address may have an eighth; one more is dropped.
    pub handshakes: usize,
}

/// A proxy whose word is believed, or a network of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustedProxy(IpNet);

/// Where a proxy says whose request it passes on. It must be one that the proxy itself writes: the other comes through
/// as the client sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// A text is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address or network, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8")]
pub struct NoNetwork(String);

impl TrustedProxy {
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for TrustedProxy {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let network =
            text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(|one| one.to_canonical().into()));
        network.map(Self).map_err(|_| NoNetwork(text.to_owned()))
    }
}

impl TryFrom<String> for TrustedProxy {
    type Error = NoNetwork;

    fn try_from(text: String) -> Result<Self, NoNetwork> {
        text.parse()
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            heartbeat_ms: 25_000,
            frame_bytes: 64 * 1024,
            outgoing_frames: 8_192,
            outgoing_bytes: 4 * 1024 * 1024,
            write_stall_ms: 15_000,
            close_ms: 3_000,
            frames_per_second: 50,
            frame_burst: 200,
            user_frames_per_second: 100,
            user_frame_burst: 400,
            bad_frames_per_minute: 20,
            connections_per_address: 0,
            strangers_per_minute: 60,
            session_openings_per_minute: 60,
            address_openings_per_minute: 10_000,
            guest_return_ms: 3_600_000,
            requests_at_once_per_address: 512,
            stall_ms: 15_000,
            bytes_per_second: 1_024,
            header_ms: 15_000,
            header_bytes: 16 * 1024,
            send_buffer_bytes: 256 * 1024,
            shutdown_ms: 10_000,
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            proxy_protocol: false,
            handshake_ms: 10_000,
            handshakes: 1_024,
        }
    }
}

impl GatewayConfig {
    pub(crate) const fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms)
    }

    pub(crate) const fn write_stall(&self) -> Duration {
        Duration::from_millis(self.write_stall_ms)
    }

    pub(crate) const fn close(&self) -> Duration {
        Duration::from_millis(self.close_ms)
    }

    pub(crate) const fn guest_return(&self) -> Duration {
        Duration::from_millis(self.guest_return_ms)
    }

    pub(crate) const fn stall(&self) -> Duration {
        Duration::from_millis(self.stall_ms)
    }

    pub(crate) const fn header(&self) -> Duration {
        Duration::from_millis(self.header_ms)
    }

    pub(crate) const fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms)
    }

    pub(crate) const fn shutdown(&self) -> Duration {
        Duration::from_millis(self.shutdown_ms)
    }
}
