//! A socket that waits costs nothing: nobody but an event wakes its task.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::*;
use crate::listener::{Sockets, Upgraded, Wire};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A session whose turns the test takes itself.
struct Table {
    session: Session<Parrot>,
    client: TcpStream,
    floor: Arc<Floor>,
    wakes: Arc<Wakes>,
}

impl Table {
    async fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let floor = Arc::<Floor>::default();
        let config = GatewayConfig { frames_per_second: 0, ..GatewayConfig::default() };
        let rules = Arc::new(Rules::new(config, Arc::default()));
        let limits = MailboxLimits { frames: 1000, bytes: 100_000 };
        let mailbox = Mailbox::new(Dialect::Native, Arc::new(Encoder::default()), limits);
        floor.guests.lock().push(mailbox.clone());
        let parrot = Parrot { floor: floor.clone(), mailbox: mailbox.clone() };
        let upgraded = Upgraded {
            stream: Wire::Plain(stream),
            leftover: Vec::new(),
            sockets: Arc::<Sockets>::default(),
        };
        let session = Session::new(upgraded, mailbox, Some(parrot), None, rules);
        Self { session, client, floor, wakes: Arc::default() }
    }

    /// Takes turns until nothing wakes the task any more.
    async fn come_to_rest(&mut self) {
        let waker = Waker::from(self.wakes.clone());
        for _ in 0..100 {
            let woken = self.wakes.0.load(Ordering::SeqCst);
            let turn = std::pin::Pin::new(&mut self.session).poll(&mut Context::from_waker(&waker));
            assert_eq!(turn, Poll::Pending);
            tokio::task::yield_now().await;
            if self.wakes.0.load(Ordering::SeqCst) == woken {
                return;
            }
        }
        panic!("it wakes itself again and again");
    }

    async fn is_woken(&self, before: usize) {
        while self.wakes.0.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
    }

    async fn hears(&mut self, bytes: &[u8]) {
        let before = self.wakes.0.load(Ordering::SeqCst);
        self.client.write_all(bytes).await.unwrap();
        self.is_woken(before).await;
        self.come_to_rest().await;
    }
}

#[tokio::test]
async fn it_rests_after_whatever_it_did() {
    let mut table = Table::lay().await;
    table.come_to_rest().await;
    for frame in
        [client_msg("hi"), client_text("nonsense"), client_frame(9, true, b"ping"), client_msg("later")]
    {
        table.hears(&frame).await;
    }
    let before = table.wakes.0.load(Ordering::SeqCst);
    table.floor.go_on.notify_one();
    table.is_woken(before).await;
    table.come_to_rest().await;
    table.hears(&client_msg("half")[..9]).await;
    table.hears(&client_msg("half")[9..]).await;
    // As many as a turn takes, to the frame.
    table.hears(&client_msg("many").repeat(64)).await;
    table.hears(&client_msg("more").repeat(65)).await;
}
