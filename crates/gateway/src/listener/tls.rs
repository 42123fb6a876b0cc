//! TLS handshakes, bounded in time and number: whoever never finishes one holds nobody back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::{Addresses, Place, Wire};
use crate::GatewayConfig;

/// What a certificate authority asks for when it looks whether a domain is ours (RFC 8737 §3). It wants the handshake
/// alone.
const CHALLENGE: &[u8] = b"acme-tls/1";
/// How much one address may have of all handshakes under way: a part of this size.
const PART_OF_ONE_ADDRESS: usize = 8;
/// What TLS keeps of what the client has not taken. A slow client is known by taking none of it for a while, so it must
/// not be much.
const BUFFER: usize = 16 * 1024;

/// The TLS side of a listener.
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    patience: Duration,
    slots: Semaphore,
    addresses: Arc<Addresses>,
}

impl Tls {
    pub(super) fn new(rustls: Arc<rustls::ServerConfig>, config: &GatewayConfig) -> Self {
        let of_one = (config.handshakes / PART_OF_ONE_ADDRESS).max(1);
        Self {
            acceptor: rustls.into(),
            patience: config.handshake(),
            slots: Semaphore::new(config.handshakes),
            addresses: Addresses::new(u32::try_from(of_one).unwrap_or(u32::MAX)),
        }
    }

    /// The encrypted stream; `None` where there is none, and nobody to tell.
    pub(super) async fn shake_hands(&self, stream: TcpStream, peer: IpAddr) -> Option<Wire> {
        let Ok(_slot) = self.slots.try_acquire() else {
            tracing::debug!("too many TLS handshakes are under way");
            return None;
        };
        let Place::Free(_place) = self.addresses.enter(peer) else {
            tracing::debug!(%peer, "too many TLS handshakes from one address");
            return None;
        };
        let accept = self.acceptor.accept_with(stream, |tls| tls.set_buffer_limit(Some(BUFFER)));
        // Boxed: its state is large, and gone before the connection begins.
        let mut stream = match tokio::time::timeout(self.patience, Box::pin(accept)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "a TLS handshake failed");
                return None;
            }
            Err(_) => {
                tracing::debug!(%peer, "a TLS handshake was not done in time");
                return None;
            }
        };
        if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE) {
            // The authority has seen what it wanted, and may be gone already.
            let _ = tokio::time::timeout(self.patience, stream.shutdown()).await;
            return None;
        }
        Some(Wire::Tls(Box::new(stream)))
    }
}
