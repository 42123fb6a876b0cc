//! The one port: an accept loop of our own, HTTP by hyper, requests by a poem endpoint, and after an upgrade the
//! bare stream for the socket.
//!
//! poem's own server sets no TCP_NODELAY and keeps hyper's buffers for as long as a socket lives; here the HTTP part
//! of a connection is one boxed future that is gone once the socket begins.

mod addresses;
mod held;
mod http;
mod progress;
mod proxies;
mod proxy_protocol;
mod sockets;
mod ticket;
mod tls;
mod wire;

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
use self::proxies::Proxies;
pub(crate) use self::sockets::{SocketEntry, Sockets};
pub(crate) use self::ticket::{Life, UpgradeSlot, Upgraded};
use self::tls::Tls;
pub(crate) use self::wire::Wire;

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
    proxies: Proxies,
    /// How long a proxy may take to say whose connection it passes on.
    header: Duration,
    tls: Option<Tls>,
}

/// Accepts and serves connections, encrypted where `tls` is given, until `shutdown` is called; then lets requests
/// finish, closes sockets with 1001 after what waits for them, and returns; at the latest when `shutdown_ms` have passed.
pub async fn serve<E>(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    endpoint: E,
    config: &GatewayConfig,
    shutdown: CancellationToken,
) where
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
        proxies: Proxies {
            trusted: config.trusted_proxies.clone(),
            header: config.proxy_header,
            protocol: config.proxy_protocol,
        },
        header: config.header(),
        tls: tls.map(|tls| Tls::new(tls, config)),
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
    if house.proxies.announces(peer.ip()) {
        tasks.spawn(announced(house.clone(), addresses.clone(), stream, peer));
        return;
    }
    match place_for(house, addresses, peer) {
        Place::Full => {}
        place => drop(tasks.spawn(visit(house.clone(), place, stream, peer))),
    }
}

/// A connection whose proxy says first whose it is.
async fn announced<E: Endpoint + 'static>(
    house: Arc<House<E>>,
    addresses: Arc<Addresses>,
    mut stream: TcpStream,
    proxy: SocketAddr,
) {
    let read = tokio::time::timeout(house.header, proxy_protocol::read(&mut stream, proxy));
    let client = match house.shutdown.run_until_cancelled(read).await {
        Some(Ok(Ok(client))) => client,
        Some(Ok(Err(error))) => {
            tracing::debug!(%proxy, %error, "a trusted proxy did not say whose connection it passes on");
            return;
        }
        Some(Err(_)) | None => return,
    };
    let place = place_for(&house, &addresses, client);
    visit(house, place, stream, client).await;
}

/// A trusted proxy holds the connections of many, who are counted one by one by what they ask for.
fn place_for<E>(house: &House<E>, addresses: &Arc<Addresses>, peer: SocketAddr) -> Place {
    if house.proxies.trusts(peer.ip()) { Place::Free(None) } else { addresses.enter(peer.ip()) }
}

/// One connection, from its handshake to its end.
async fn visit<E: Endpoint + 'static>(
    house: Arc<House<E>>,
    place: Place,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let (place, is_crowded) = match place {
        Place::Free(place) => (place, false),
        Place::Crowded(place) => (Some(place), true),
        Place::Full => return,
    };
    let wire = match &house.tls {
        None => Wire::Plain(stream),
        Some(tls) => {
            let handshake = Box::pin(tls.shake_hands(stream, peer.ip()));
            let Some(Some(wire)) = house.shutdown.run_until_cancelled(handshake).await else { return };
            wire
        }
    };
    if is_crowded {
        Box::pin(http::refuse_crowd(house.http.clone(), PacedStream::new(wire, house.progress))).await;
    } else {
        // Boxed, and dropped before the socket begins: a task stays as large as its largest part.
        let http = Box::pin(http::exchange(house.clone(), wire, peer));
        drop(house);
        let socket = http.await;
        if let Some(socket) = socket {
            socket.await;
        }
    }
    drop(place);
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
