//! A house that sends, names that lead where a test wants, and a listener that counts who comes.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::Method;
use teahouse_outbound::{Allow, Error, Limits, Outbound, Permit, Request, Resolve, Resolving, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Plain http, and no address beyond the internet.
pub(crate) fn public_only() -> Allow {
    Allow { plain_http: true, networks: Vec::new() }
}

/// Plain http, and this one address.
pub(crate) fn only(address: &str) -> Allow {
    Allow { plain_http: true, networks: vec![address.parse().unwrap()] }
}

/// Answers of a resolver, one after another; the last one stays. Counts how often it was asked.
pub(crate) struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(parse).collect()),
            asked: AtomicUsize::new(0),
        })
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    fn resolve(&self, _: &str) -> Resolving {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(std::future::ready(Ok(answer.unwrap_or_default())))
    }
}

/// Asks for `url`, which `origin` permits.
pub(crate) async fn get(allow: Allow, names: Arc<Names>, origin: &str, url: &str) -> Result<Response, Error> {
    let house = Outbound::new(allow, names).unwrap();
    house.send(Request::new(Method::GET, url), &permit(origin), &Limits::default()).await
}

pub(crate) fn permit(origin: &str) -> Permit {
    Permit { origins: vec![origin.parse().unwrap()], methods: vec![Method::GET] }
}

/// A port that someone listens on.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Takes one connection, reads a request's head and answers with `bytes`.
    pub(crate) async fn answer(&self, bytes: &[u8]) -> String {
        let (mut stream, head) = self.head().await;
        stream.write_all(bytes).await.unwrap();
        head
    }

    /// Takes one connection and reads a request's head.
    pub(crate) async fn head(&self) -> (TcpStream, String) {
        let (mut stream, _) = self.0.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        (stream, String::from_utf8(head).unwrap())
    }

    /// Nobody came: the first in the queue is one that comes now.
    pub(crate) async fn saw_nobody(&self) {
        let us = TcpStream::connect(("127.0.0.1", self.port())).await.unwrap();
        let (_, first): (_, SocketAddr) = self.0.accept().await.unwrap();
        assert_eq!(first, us.local_addr().unwrap(), "somebody had come before");
    }
}
