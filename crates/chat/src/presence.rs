//! Who is there: counted in connections of this node, told to who asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use teahouse_protocol::{PresenceState, ServerEvent, Timestamp, UserId};
use teahouse_store::users;

use crate::connection::Core;
use crate::{Chat, Error};

/// Who wants to know about whom.
pub(crate) struct Presence {
    offline_after: Duration,
    watchers: DashMap<UserId, Vec<Weak<Core>>>,
    /// Who went lately and is not yet known to stay away: which of their goings was the last.
    goings: DashMap<UserId, u64>,
    next_going: AtomicU64,
}

impl Presence {
    pub(crate) fn new(offline_after: Duration) -> Self {
        Self {
            offline_after,
            watchers: DashMap::new(),
            goings: DashMap::new(),
            next_going: AtomicU64::new(0),
        }
    }

    fn goes(&self, user: UserId) -> u64 {
        let going = self.next_going.fetch_add(1, Ordering::Relaxed);
        self.goings.insert(user, going);
        going
    }

    /// Whether nothing happened since this going.
    fn stayed_away(&self, user: UserId, going: u64) -> bool {
        self.goings.remove_if(&user, |_, last| *last == going).is_some()
    }

    fn watch(&self, user: UserId, core: &Arc<Core>) {
        let mut watchers = self.watchers.entry(user).or_default();
        watchers.retain(|other| other.upgrade().is_some_and(|other| other.id() != core.id()));
        watchers.push(Arc::downgrade(core));
    }

    fn tell(&self, user: UserId, state: &PresenceState) {
        let Some(watchers) = self.watchers.get(&user).map(|watchers| watchers.clone()) else { return };
        let event = ServerEvent::Presence { users: BTreeMap::from([(user, state.clone())]) };
        for core in watchers.iter().filter_map(Weak::upgrade) {
            core.mailbox().send(&event);
        }
        if let Some(mut watchers) = self.watchers.get_mut(&user) {
            watchers.retain(|watcher| watcher.strong_count() > 0);
        }
        self.watchers.remove_if(&user, |_, watchers| watchers.is_empty());
    }
}

impl Chat {
    /// Answers who of `users` is there, and tells this connection when that changes.
    pub(crate) async fn watch_presence(&self, core: &Arc<Core>, ids: &[UserId]) -> Result<(), Error> {
        let known = users::find_many(self.db().conn(), ids).await?;
        let mut states = BTreeMap::new();
        for row in known {
            let user = UserId::from_uuid(row.id);
            self.presence().watch(user, core);
            let state = if self.hub().is_online(user) {
                PresenceState::Online
            } else {
                PresenceState::LastSeen(Timestamp::from_millis(
                    row.last_seen_at_ms.unwrap_or(row.created_at_ms),
                ))
            };
            states.insert(user, state);
        }
        let away: Vec<UserId> = states
            .iter()
            .filter(|(_, state)| matches!(state, PresenceState::LastSeen(_)))
            .map(|(user, _)| *user)
            .collect();
        core.mailbox().send(&ServerEvent::Presence { users: states });
        // Who came while this was put together may have been told before it.
        for user in away.into_iter().filter(|user| self.hub().is_online(*user)) {
            let users = BTreeMap::from([(user, PresenceState::Online)]);
            core.mailbox().send(&ServerEvent::Presence { users });
        }
        Ok(())
    }

    pub(crate) fn came_online(&self, user: UserId) {
        self.presence().goings.remove(&user);
        self.presence().tell(user, &PresenceState::Online);
    }

    /// The last connection of `user` here is gone. They count as offline only when they stay away: a phone in a lift
    /// is back in seconds.
    pub(crate) fn went_offline(&self, user: UserId) {
        let (chat, left_at, going) = (self.clone(), self.now(), self.presence().goes(user));
        tokio::spawn(async move {
            if let Err(error) = users::touch(chat.db().writer(), &[user], left_at).await {
                tracing::debug!(%error, "when a user was last seen was not written");
            }
            tokio::time::sleep(chat.presence().offline_after).await;
            if chat.presence().stayed_away(user, going) && !chat.hub().is_online(user) {
                chat.presence().tell(user, &PresenceState::LastSeen(left_at));
            }
        });
    }
}
