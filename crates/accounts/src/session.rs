//! A session: a user signed in on a device, proven by its token.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use teahouse_protocol::{Locale, Sender, SessionId, Timestamp, UserId, UserProfile};
use uuid::Uuid;

use crate::live::Live;
use crate::person::{Person, sender_of};
use crate::token::{Token, TokenHash};

/// A caller who has proven who they are. Only this crate makes one; clones are cheap, and all clones see it end, be
/// renewed, and its user change their name.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
    /// The token that it was proven by, which may have been replaced since.
    proof: TokenHash,
    /// What the client speaks that shows it now.
    locale: Option<Locale>,
}

/// A session that just began, with its secret.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// What the client shows from now on. Nobody else learns it, and we keep only its hash.
    pub token: Token,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub user: UserProfile,
    /// The session itself.
    pub session: Session,
}

pub(crate) struct Inner {
    id: SessionId,
    user_id: UserId,
    identity_id: Option<Uuid>,
    person: Arc<Person>,
    token_hash: Mutex<TokenHash>,
    expires_at_ms: AtomicI64,
    /// When its end was last moved, or begun to be.
    extended_at_ms: AtomicI64,
    ended: AtomicBool,
    /// Where it is listed; it leaves the list by itself.
    live: Arc<Live>,
}

/// What the database says of a session.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) identity_id: Option<Uuid>,
    pub(crate) token_hash: TokenHash,
    pub(crate) extended_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Session {
    /// Which session this is. It stays the same when the token is refreshed.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.inner.id
    }

    /// Who is signed in.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.inner.user_id
    }

    /// How others see them now.
    #[must_use]
    pub fn user(&self) -> UserProfile {
        (*self.inner.person.profile()).clone()
    }

    /// As [`Session::user`], without a copy.
    #[must_use]
    pub fn profile(&self) -> Arc<UserProfile> {
        self.inner.person.profile()
    }

    /// How they sign messages now.
    #[must_use]
    pub fn sender(&self) -> Sender {
        sender_of(&self.inner.person.profile())
    }

    /// The session in the hands of a client that speaks `locale`: of this request or this socket, not of the person,
    /// who may have another device in another language.
    #[must_use]
    pub fn speaking(mut self, locale: Option<Locale>) -> Self {
        self.locale = locale;
        self
    }

    /// What the client speaks that shows it now; `None`: it did not say.
    #[must_use]
    pub const fn locale(&self) -> Option<&Locale> {
        self.locale.as_ref()
    }

    /// Whether they came without signing in.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.inner.person.profile().is_guest
    }

    /// When it ends unless it is used or refreshed. This moves: ask again before acting on it.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.inner.expires_at_ms.load(Ordering::Relaxed))
    }

    /// Whether it was ended, as far as this node knows. Expiry is not an end: compare [`Session::expires_at`].
    ///
    /// Who registers a connection asks this afterwards: an end in between was published too early for them.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.inner.ended.load(Ordering::Acquire)
    }

    pub(crate) fn new(facts: Facts, person: Arc<Person>, live: Arc<Live>) -> Self {
        let inner = Inner {
            id: facts.id,
            user_id: facts.user_id,
            identity_id: facts.identity_id,
            person,
            token_hash: Mutex::new(facts.token_hash),
            expires_at_ms: AtomicI64::new(facts.expires_at.millis()),
            extended_at_ms: AtomicI64::new(facts.extended_at.millis()),
            ended: AtomicBool::new(false),
            live,
        };
        Self { inner: Arc::new(inner), proof: facts.token_hash, locale: None }
    }

    /// A hold on the session for those who want to find it without keeping it.
    pub(crate) fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.inner)
    }

    /// The session, if somebody holds it.
    pub(crate) fn upgrade(held: &Weak<Inner>) -> Option<Self> {
        let inner = held.upgrade()?;
        let proof = *inner.token_hash.lock();
        Some(Self { inner, proof, locale: None })
    }

    /// Takes over what the database says now.
    pub(crate) fn update(&mut self, facts: &Facts) {
        self.proof = facts.token_hash;
        *self.inner.token_hash.lock() = facts.token_hash;
        self.inner.extended_at_ms.store(facts.extended_at.millis(), Ordering::Relaxed);
        self.set_expires_at(facts.expires_at);
    }

    /// The session with its new token.
    pub(crate) fn renewed(&self, token_hash: TokenHash, now: Timestamp, expires_at: Timestamp) -> Self {
        *self.inner.token_hash.lock() = token_hash;
        self.inner.extended_at_ms.store(now.millis(), Ordering::Relaxed);
        self.set_expires_at(expires_at);
        Self { inner: Arc::clone(&self.inner), proof: token_hash, locale: self.locale.clone() }
    }

    pub(crate) fn set_expires_at(&self, expires_at: Timestamp) {
        self.inner.expires_at_ms.store(expires_at.millis(), Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.inner.ended.store(true, Ordering::Release);
    }

    /// Whether its user is banned at `now`, as far as this node knows.
    #[must_use]
    pub fn is_banned(&self, now: Timestamp) -> bool {
        self.inner.person.is_banned(now)
    }

    /// The token that it was proven by.
    pub(crate) fn proof(&self) -> TokenHash {
        self.proof
    }

    /// Whether the token that it was proven by is still the session's.
    pub(crate) fn is_proof_current(&self) -> bool {
        *self.inner.token_hash.lock() == self.proof
    }

    pub(crate) fn identity_id(&self) -> Option<Uuid> {
        self.inner.identity_id
    }

    /// Whether its end was last moved before `time`; if so, it counts as moved at `now`, so that one caller of many
    /// gets to move it.
    pub(crate) fn begin_extension(&self, time: Timestamp, now: Timestamp) -> bool {
        let last = self.inner.extended_at_ms.load(Ordering::Relaxed);
        last <= time.millis()
            && self
                .inner
                .extended_at_ms
                .compare_exchange(last, now.millis(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.live.forget_session(self.id);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("id", &self.id())
            .field("user", &self.user_id())
            .finish_non_exhaustive()
    }
}
