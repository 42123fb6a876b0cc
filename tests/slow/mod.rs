//! Clients that never finish, against fifty who talk: heads that never end, bodies that drip, answers that nobody takes. Each
//! is given up after a while; nobody's word takes longer for them, and they occupy next to nothing.

use std::time::Duration;

use futures_util::future::join_all;
use teahouse_tests::{PATIENCE, Settings, TestServer, server_test};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::plugins::crowd::{Crowd, p99};

/// So many of each kind at once.
const CLIENTS: usize = 200;
/// How long the fifty talk without them.
const QUIET: Duration = Duration::from_secs(1);
/// A wave of clients that the scheduler spoilt is tried again so often.
const ATTEMPTS: usize = 8;
/// Up to here any 99th percentile is fine: as in the sieges of `tests/plugins/hostile`.
const FLOOR: Duration = Duration::from_millis(40);
/// What the clients of one wave may occupy in all: buffers of connections, and no copy of a document.
const MEMORY: u64 = 48 << 20;

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Sends a head without its end.
    Head,
    /// Sends a body that stops.
    StoppedBody,
    /// Sends a body of which a byte comes now and then.
    DrippingBody,
    /// Asks for the largest document, and reads none of it.
    Reader,
}

fn impatient(settings: Settings) -> Settings {
    settings
        .set("limits.header_ms", 1000)
        .set("limits.stall_ms", 1000)
        .set("limits.bytes_per_second", 1_000_000)
        .set("limits.requests_at_once_per_address", 256)
        .alone()
}

#[server_test(impatient)]
async fn clients_that_never_finish_disturb_nobody(server: TestServer) {
    let attacker = server.guest("attacker").await;
    // What is made once is made before it is measured.
    server.get("/docs").await;
    let mut crowd = Crowd::gather(&server).await;
    crowd.alone(QUIET).await;
    let mut quiet = crowd.alone(QUIET).await;
    for kind in [Kind::Head, Kind::StoppedBody, Kind::DrippingBody, Kind::Reader] {
        let mut complaints = Vec::new();
        loop {
            server.forget_peak_memory();
            let (memory, from) = (server.memory(), crowd.now());
            join_all((0..CLIENTS).map(|_| until_given_up(&server, &attacker.token, kind))).await;
            let latencies = crowd.latencies(from..crowd.now()).await;
            let grown = server.peak_memory().saturating_sub(memory);
            let (attacked, calm) = (p99(&latencies), p99(&quiet));
            println!("{kind:?}: p99 {attacked:?}, in quiet {calm:?}; {} KiB more", grown >> 10);
            if attacked <= FLOOR.max(2 * calm) && grown <= MEMORY {
                break;
            }
            complaints.push(format!("p99 {attacked:?}, in quiet {calm:?}; {} MiB more", grown >> 20));
            assert!(complaints.len() < ATTEMPTS, "{kind:?}:\n{}", complaints.join("\n"));
            quiet.extend(crowd.alone(QUIET).await);
        }
        quiet.extend(crowd.alone(QUIET).await);
    }
    crowd.part().await;
    server.get("/healthz").await.expect(200);
}

/// One client, to the end of its connection: the server's doing.
async fn until_given_up(server: &TestServer, token: &str, kind: Kind) {
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    let request = match kind {
        Kind::Head => "GET /docs HTTP/1.1\r\nHost: localhost\r\nX-Never: ".to_owned(),
        Kind::StoppedBody | Kind::DrippingBody => format!(
            "POST /v1/rooms HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{"
        ),
        Kind::Reader => "GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(4),
    };
    stream.write_all(request.as_bytes()).await.expect("the request leaves");
    let ended = async {
        match kind {
            Kind::Head | Kind::StoppedBody => read_to_the_end(&mut stream).await,
            Kind::DrippingBody => drip_to_the_end(stream).await,
            Kind::Reader => until_reset(&stream).await,
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap_or_else(|_| panic!("{kind:?} is not given up"));
}

async fn read_to_the_end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // An end is an end, in order or not.
    let _ = stream.read_to_end(&mut rest).await;
}

async fn drip_to_the_end(stream: TcpStream) {
    let (mut reading, mut writing) = stream.into_split();
    let drip = async {
        let mut clock = tokio::time::interval(Duration::from_millis(100));
        loop {
            clock.tick().await;
            if writing.write_all(b" ").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        _ = reading.read_to_end(&mut rest) => {}
        () = drip => {}
    }
}

/// Waits until the server has reset the connection: seen in the socket, without taking a byte of what came before.
async fn until_reset(stream: &TcpStream) {
    let mut clock = tokio::time::interval(Duration::from_millis(50));
    while stream.take_error().is_ok_and(|error| error.is_none()) {
        clock.tick().await;
    }
}
