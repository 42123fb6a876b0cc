//! What the gateway counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use teahouse_protocol::CloseCode;

/// Plain counters: the server reads them when it is asked for its metrics. Sockets only, not HTTP requests.
#[derive(Debug, Default)]
pub struct GatewayMetrics {
    opened: AtomicU64,
    ended: AtomicU64,
    frames_in: AtomicU64,
    frames_out: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    closes: [AtomicU64; CLOSES.len()],
    abrupt: AtomicU64,
    by_client: AtomicU64,
}

/// Every code that the server closes with.
const CLOSES: [CloseCode; 10] = [
    CloseCode::Done,
    CloseCode::GoingAway,
    CloseCode::ProtocolError,
    CloseCode::InvalidUtf8,
    CloseCode::Policy,
    CloseCode::TooLarge,
    CloseCode::SessionExpired,
    CloseCode::SignedInElsewhere,
    CloseCode::HeartbeatMissed,
    CloseCode::TooSlow,
];

/// How a socket came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// We closed it.
    ByServer(CloseCode),
    /// The client closed it as one should.
    ByClient,
    /// The connection was gone without a close.
    Abrupt,
}

impl GatewayMetrics {
    /// Sockets open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        let ended = self.ended.load(Ordering::Relaxed);
        self.opened.load(Ordering::Relaxed).saturating_sub(ended)
    }

    /// Sockets ever opened.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Messages received, control frames not counted.
    #[must_use]
    pub fn frames_in(&self) -> u64 {
        self.frames_in.load(Ordering::Relaxed)
    }

    /// Frames written, control frames counted.
    #[must_use]
    pub fn frames_out(&self) -> u64 {
        self.frames_out.load(Ordering::Relaxed)
    }

    /// Bytes received after the upgrade.
    #[must_use]
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Ordering::Relaxed)
    }

    /// Bytes written after the upgrade.
    #[must_use]
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Ordering::Relaxed)
    }

    /// How sockets ended: the code as it is known to operators (`1001`, …, `client`, `abrupt`) and how many.
    pub fn closes(&self) -> impl Iterator<Item = (String, u64)> {
        let ours = CLOSES.iter().zip(&self.closes).map(|(code, count)| (code.get().to_string(), count));
        ours.chain([("client".to_owned(), &self.by_client), ("abrupt".to_owned(), &self.abrupt)])
            .map(|(label, count)| (label, count.load(Ordering::Relaxed)))
    }

    pub(crate) fn count_open(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_end(&self, ending: Ending) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        let counter = match ending {
            Ending::ByServer(code) => {
                CLOSES.iter().position(|known| *known == code).map_or(&self.abrupt, |at| &self.closes[at])
            }
            Ending::ByClient => &self.by_client,
            Ending::Abrupt => &self.abrupt,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_read(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_message(&self) {
        self.frames_in.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_written(&self, frames: usize, bytes: usize) {
        self.frames_out.fetch_add(frames as u64, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
