//! Moves the ends of sessions that are used: behind the back of the requests that use them, many in one write.

use std::sync::Arc;
use std::time::Duration;

use teahouse_bus::Bus;
use teahouse_protocol::{Clock, SessionId, Timestamp, UserId};
use teahouse_store::Db;
use tokio::sync::mpsc;

use crate::accounts::AccountsParts;
use crate::event::AccountEvent;
use crate::session::Session;

/// Sessions waiting to be moved. Full: one is passed over, and moves at its next step.
const QUEUE: usize = 4096;
/// The most sessions in one write.
const BATCH: usize = 256;

/// Takes sessions that were used.
pub(crate) struct Extender {
    queue: mpsc::Sender<Session>,
    step: Duration,
}

struct Worker {
    db: Db,
    clock: Arc<dyn Clock>,
    events: Bus<AccountEvent>,
    ttl: Duration,
    queue: mpsc::Receiver<Session>,
}

impl Extender {
    pub(crate) fn start(parts: &AccountsParts) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let worker = Worker {
            db: parts.db.clone(),
            clock: Arc::clone(&parts.clock),
            events: parts.events.clone(),
            ttl: parts.sessions.ttl(),
            queue,
        };
        tokio::spawn(worker.run());
        Self { queue: sender, step: parts.sessions.step() }
    }

    /// Notes that the session is used at this moment. Costs a comparison, except once a step.
    pub(crate) fn used(&self, session: &Session, now: Timestamp) {
        if session.begin_extension(now - self.step, now) {
            // Full or closed: see QUEUE.
            let _passed_over = self.queue.try_send(session.clone());
        }
    }
}

impl Worker {
    async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.queue.recv_many(&mut batch, BATCH).await > 0 {
            if let Err(error) = self.extend(&batch).await {
                tracing::warn!(%error, sessions = batch.len(), "sessions were not extended");
            }
            batch.clear();
        }
    }

    async fn extend(&self, batch: &[Session]) -> Result<(), teahouse_store::Error> {
        let now = self.clock.now();
        let expires_at = now + self.ttl;
        let sessions: Vec<SessionId> = batch.iter().map(Session::id).collect();
        let users: Vec<UserId> = batch.iter().map(Session::user_id).collect();
        let tx = self.db.begin().await?;
        let extended = teahouse_store::sessions::extend(&tx, &sessions, now, expires_at).await?;
        teahouse_store::users::touch(&tx, &users, now).await?;
        tx.commit().await?;
        // The others have ended meanwhile, here or on another node.
        for session in batch.iter().filter(|session| extended.contains(&session.id())) {
            session.set_expires_at(expires_at);
            let event = AccountEvent::SessionRenewed { session: session.id(), expires_at };
            self.events.publish(event).await;
        }
        Ok(())
    }
}
