//! A TCP proxy that cuts, holds back and half-closes: what networks and databases do on a bad day.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the proxy treats its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// All passes.
    Fair,
    /// Nothing passes, nothing ends: a cable pulled out.
    Still,
    /// Connections end, and new ones are refused: a process that is gone.
    Down,
    /// The client's side is told that nothing more comes, and may still speak.
    HalfClosed,
}

/// Stands before one address; ends with the test.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
}

impl Proxy {
    /// Listens on a free port, and passes all to `target`.
    pub async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the proxy's address");
        let (weather, seen) = watch::channel(Weather::Fair);
        tokio::spawn(accept(listener, target, seen));
        Self { address, weather }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections, and refuses new ones until [`mend`](Self::mend).
    pub fn cut(&self) {
        self.weather.send_replace(Weather::Down);
    }

    /// Passes nothing on until [`mend`](Self::mend); what was sent meanwhile arrives then.
    pub fn hold(&self) {
        self.weather.send_replace(Weather::Still);
    }

    /// Shuts the direction towards the clients of all connections; the other direction goes on.
    pub fn half_close(&self) {
        self.weather.send_replace(Weather::HalfClosed);
    }

    /// Passes everything again.
    pub fn mend(&self) {
        self.weather.send_replace(Weather::Fair);
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, weather: watch::Receiver<Weather>) {
    let target = Arc::new(target);
    while let Ok((client, _)) = listener.accept().await {
        if *weather.borrow() == Weather::Down {
            continue;
        }
        let (target, weather) = (Arc::clone(&target), weather.clone());
        tokio::spawn(async move {
            if let Ok(server) = TcpStream::connect(*target).await {
                pass(client, server, weather).await;
            }
        });
    }
}

async fn pass(client: TcpStream, server: TcpStream, weather: watch::Receiver<Weather>) {
    // Small frames must not wait for one another here: the proxy is to be as quick as no proxy.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let up = copy(from_client, to_server, weather.clone(), false);
    let down = copy(from_server, to_client, weather, true);
    tokio::join!(up, down);
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    towards_client: bool,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let now = *weather.borrow_and_update();
        match now {
            Weather::Down => return,
            Weather::HalfClosed if towards_client => return,
            Weather::Still => {
                if weather.changed().await.is_err() {
                    return;
                }
                continue;
            }
            Weather::Fair | Weather::HalfClosed => {}
        }
        tokio::select! {
            changed = weather.changed() => if changed.is_err() { return },
            read = from.read(&mut buffer) => {
                let Ok(length @ 1..) = read else { return };
                // The weather may have turned while we read: what is held back must not slip through.
                while *weather.borrow_and_update() == Weather::Still {
                    if weather.changed().await.is_err() { return }
                }
                if to.write_all(&buffer[..length]).await.is_err() { return }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that gives back what it gets.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut from, mut to) = stream.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
            }
        });
        address
    }

    async fn through(proxy: &Proxy) -> TcpStream {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(b"a").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'a');
        stream
    }

    #[tokio::test]
    async fn a_cut_ends_connections_until_it_is_mended() {
        let proxy = Proxy::before(echo().await).await;
        let mut stream = through(&proxy).await;
        proxy.cut();
        assert!(stream.read_u8().await.is_err());
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(refused.read_u8().await.is_err());
        proxy.mend();
        through(&proxy).await;
    }

    #[tokio::test]
    async fn what_is_held_back_arrives_later() {
        let proxy = Proxy::before(echo().await).await;
        let mut stream = through(&proxy).await;
        proxy.hold();
        stream.write_all(b"b").await.unwrap();
        let mut byte = [0];
        assert_eq!(stream.try_read(&mut byte).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        proxy.mend();
        assert_eq!(stream.read_u8().await.unwrap(), b'b');
    }

    #[tokio::test]
    async fn a_half_closed_connection_still_carries_the_other_way() {
        let proxy = Proxy::before(echo().await).await;
        let mut stream = through(&proxy).await;
        proxy.half_close();
        assert!(stream.read_u8().await.is_err());
        stream.write_all(b"c").await.unwrap();
    }
}
