//! A client that speaks TLS, and trusts one authority alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use teahouse_tests::PATIENCE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::authority::Authority;

pub(super) type Socket = WebSocketStream<TlsStream<TcpStream>>;

pub(super) struct Client(TlsConnector);

impl Client {
    pub(super) fn trusting(authority: &Authority) -> Self {
        Self::trusting_root(&authority.root)
    }

    /// `root` is PEM.
    pub(super) fn trusting_root(root: &str) -> Self {
        // Fails where one is there already, which does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root.as_bytes()).expect("PEM")).expect("a root");
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(Arc::new(config).into())
    }

    pub(super) async fn connect(
        &self,
        address: SocketAddr,
        domain: &str,
    ) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(domain.to_owned()).expect("a name");
        let shaken = tokio::time::timeout(PATIENCE, self.0.connect(name, stream)).await;
        shaken.expect("a handshake in time")
    }

    /// A guest's socket, in the lobby.
    pub(super) async fn socket(&self, address: SocketAddr, domain: &str) -> Socket {
        let stream = self.connect(address, domain).await.expect("a handshake");
        let url = format!("wss://{domain}/ws");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("an upgrade");
        let hello = next(&mut socket).await;
        let join = json!({ "type": "join", "room": hello["lobby"] });
        socket.send(Message::text(join.to_string())).await.expect("sent");
        assert_eq!(next(&mut socket).await["type"], "joined");
        socket
    }
}

/// The whole answer to a request, after which the connection is over.
pub(super) async fn get(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer and a proper end");
    answer
}

pub(super) async fn say(socket: &mut Socket, id: &str, content: &str) {
    let frame = json!({ "type": "msg", "id": id, "content": content });
    socket.send(Message::text(frame.to_string())).await.expect("sent");
}

/// The answer to the frame `id`.
pub(super) async fn ack(socket: &mut Socket, id: &str) -> Value {
    loop {
        let event = next(socket).await;
        if event["id"] == id {
            return event;
        }
    }
}

/// Waits until `content` was heard `times`.
pub(super) async fn hears(socket: &mut Socket, times: usize, content: &str) {
    let mut heard = 0;
    while heard < times {
        let event = next(socket).await;
        heard += usize::from(event["type"] == "msg" && event["content"] == content);
    }
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an event in time");
        if let Message::Text(text) = message.expect("an open socket").expect("a whole message") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}
