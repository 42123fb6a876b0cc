//! Tokens of sessions that were used lately, so that a request or a connect costs no query.

use std::time::Duration;

use moka::sync::Cache;
use teahouse_protocol::Timestamp;

use crate::session::Session;
use crate::token::TokenHash;

/// Sessions remembered. Full: those used least are read from the database again. About 400 bytes each.
const CAPACITY: u64 = 100_000;
/// A session not used for so long is not worth its memory.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// What is remembered is believed for so long: another node may have ended the session, and its word may be lost.
pub(crate) const BELIEVED_FOR: Duration = Duration::from_secs(30);

/// Remembers which session a token belongs to. Wrong tokens are not remembered: there is no end of them.
pub(crate) struct SessionCache {
    sessions: Cache<TokenHash, Remembered>,
}

#[derive(Clone)]
struct Remembered {
    session: Session,
    read_at: Timestamp,
}

impl SessionCache {
    pub(crate) fn new() -> Self {
        Self { sessions: Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build() }
    }

    /// The session with this token, if it was read so lately that it can be believed, and has not ended or changed
    /// its token since.
    pub(crate) fn find(&self, token: &TokenHash, now: Timestamp) -> Option<Session> {
        let Remembered { session, read_at } = self.sessions.get(token)?;
        let believed = now.since(read_at) < BELIEVED_FOR && !session.has_ended();
        (believed && session.is_proof_current()).then_some(session)
    }

    /// Remembers the session under the token that it was proven by.
    pub(crate) fn remember(&self, session: Session, read_at: Timestamp) {
        self.sessions.insert(session.proof(), Remembered { session, read_at });
    }

    pub(crate) fn forget(&self, token: &TokenHash) {
        self.sessions.invalidate(token);
    }
}
