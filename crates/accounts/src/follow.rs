//! Follows the bus, so that what another node did takes effect here before a cache grows old.

use std::sync::Arc;

use teahouse_bus::{Bus, Subscription};
use teahouse_protocol::{SessionId, Timestamp, UserId};
use teahouse_store::Db;

use crate::cache::SessionCache;
use crate::event::AccountEvent;
use crate::live::Live;
use crate::profile::ProfileCache;

/// Events waiting to be followed. Full: publishers wait.
const QUEUE: usize = 256;

struct Follower {
    db: Db,
    live: Arc<Live>,
    cache: Arc<SessionCache>,
    profiles: Arc<ProfileCache>,
}

/// Starts a task that ends when nobody is left who could publish.
pub(crate) fn start(
    db: &Db,
    events: &Bus<AccountEvent>,
    live: &Arc<Live>,
    cache: &Arc<SessionCache>,
    profiles: &Arc<ProfileCache>,
) {
    let follower = Follower {
        db: db.clone(),
        live: Arc::clone(live),
        cache: Arc::clone(cache),
        profiles: Arc::clone(profiles),
    };
    tokio::spawn(follower.follow(events.subscribe(QUEUE)));
}

impl Follower {
    async fn follow(self, mut events: Subscription<AccountEvent>) {
        while let Some(event) = events.next().await {
            match event {
                AccountEvent::SessionEnded { session, .. } => self.end(session),
                AccountEvent::SessionRenewed { session, expires_at } => self.renew(session, expires_at),
                AccountEvent::UserChanged { user } | AccountEvent::UserBanned { user } => {
                    self.read_again(user).await;
                }
                // Their sessions ended one by one.
                AccountEvent::UsersMerged { .. } => {}
            }
        }
    }

    fn end(&self, session: SessionId) {
        self.live.note_change();
        if let Some(held) = self.live.find_session(session) {
            held.end();
            self.cache.forget(&held.proof());
        }
    }

    /// What this node did itself is known here already; another node may have changed the token too.
    fn renew(&self, session: SessionId, expires_at: Timestamp) {
        let Some(held) = self.live.find_session(session) else { return };
        if held.expires_at() != expires_at {
            held.set_expires_at(expires_at);
            self.cache.forget(&held.proof());
        }
    }

    async fn read_again(&self, user: UserId) {
        self.live.note_change();
        self.profiles.forget(user);
        let Some(person) = self.live.find_person(user) else { return };
        match teahouse_store::users::find(self.db.conn(), user).await {
            Ok(Some(row)) => person.update(&row),
            Ok(None) => {}
            // The next authentication reads it anyway, within the time that a cache is believed for.
            Err(error) => tracing::warn!(user.id = %user, %error, "a changed user was not read again"),
        }
    }
}
