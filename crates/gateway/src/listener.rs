//! The one port: an accept loop of our own, HTTP by hyper, requests by a poem endpoint, and after an upgrade the
//! bare stream for the socket.
//!
//! poem's own server sets no TCP_NODELAY and keeps hyper's buffers for as long as a socket lives; here the HTTP part
//! of a connection is one boxed future that is gone once the socket begins.

mod addresses;
mod held;
mod http;
mod progress;
mod sockets;
mod ticket;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use poem::Endpoint;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::GatewayConfig;

use self::progress::{PacedStream, Progress};

pub(crate) use self::addresses::{Addresses, Occupied, Place, counted};
pub(crate) use self::http::problem;
pub(crate) use self::sockets::{SocketEntry, Sockets};
pub(crate) use self::ticket::{Life, UpgradeSlot, Upgraded};

/// The first pause after the process ran out of files or memory; doubled up to [`LONGEST_PAUSE`] while it lasts.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Connections of one address that are no sockets: a browser opens six, a program keeps a pool, a tool runs in
/// parallel. The doors count sockets; this bounds what never asks for one.
pub(crate) const BESIDE_SOCKETS: u32 = 64;

/// What all connections of one listener share.
struct House<E> {
    endpoint: E,
    http: hyper::server::conn::http1::Builder,
    progress: Progress,
    /// Requests under way.
    requests: Arc<Addresses>,
    shutdown: CancellationToken,
    /// How long what is under way may take once `shutdown` is called.
    patience: Duration,
    sockets: Arc<Sockets>,
}

/// Accepts and serves connections until `shutdown` is called, then lets requests finish, closes sockets with 1001
/// after what waits for them, and returns; at the latest when `shutdown_ms` have passed.
pub async fn serve<E>(listener: TcpListener, endpoint: E, config: &GatewayConfig, shutdown: CancellationToken)
where
    E: Endpoint + 'static,
{
    let house = Arc::new(House {
        endpoint,
        http: http::builder(config),
        progress: Progress::of(config),
        requests: Addresses::new(config.requests_at_once_per_address),
        shutdown: shutdown.clone(),
        patience: config.shutdown(),
        sockets: Arc::default(),
    });
    let addresses = Addresses::new(most_connections(config.connections_per_address));
    let tasks = TaskTracker::new();
    bound_send_buffer(&listener, config.send_buffer_bytes);

    let mut pause = FIRST_PAUSE;
    let mut stop = pin!(shutdown.cancelled());
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause = FIRST_PAUSE;
                admit(&house, &addresses, &tasks, stream, peer);
            }
            // The client was gone before we looked: nothing is wrong with us.
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    drop(listener);
    house.sockets.close_all();
    tasks.close();
    if tokio::time::timeout(house.patience, tasks.wait()).await.is_err() {
        tracing::warn!(connections.left = tasks.len(), "connections did not end in time");
    }
}

fn admit<E: Endpoint + 'static>(
    house: &Arc<House<E>>,
    addresses: &Arc<Addresses>,
    tasks: &TaskTracker,
    stream: TcpStream,
    peer: SocketAddr,
) {
    // A frame is small and must leave at once.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match addresses.enter(peer.ip()) {
        Place::Free(place) => {
            // Boxed, and dropped before the socket begins: a task stays as large as its largest part.
            let http = Box::pin(http::exchange(house.clone(), stream, peer));
            tasks.spawn(async move {
                let socket = http.await;
                if let Some(socket) = socket {
                    socket.await;
                }
                drop(place);
            });
        }
        Place::Crowded(place) => {
            let refusal = http::refuse_crowd(house.http.clone(), PacedStream::new(stream, house.progress));
            tasks.spawn(async move {
                refusal.await;
                drop(place);
            });
        }
        Place::Full => {}
    }
}

/// Sockets and what stands beside them; 0 stays no limit.
const fn most_connections(sockets: u32) -> u32 {
    if sockets == 0 { 0 } else { sockets.saturating_add(BESIDE_SOCKETS) }
}

/// Set on the listener, because what it accepts inherits it.
fn bound_send_buffer(listener: &TcpListener, bytes: usize) {
    if bytes == 0 {
        return;
    }
    if let Err(error) = socket2::SockRef::from(listener).set_send_buffer_size(bytes) {
        tracing::warn!(%error, "the send buffer could not be bounded");
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
