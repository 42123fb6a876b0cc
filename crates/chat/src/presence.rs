//! Who is there: counted in connections of this node, told to who asked.
//!
//! A connection that comes or goes costs no write and no task of its own: who went is written down, and looked at by one
//! task; when they were last seen is [`gathered`](crate::gathered).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use teahouse_protocol::{FieldError, PresenceState, ServerEvent, Timestamp, UserId};
use teahouse_store::users;
use tokio::time::Instant;

use crate::connection::Core;
use crate::hub::ConnectionId;
use crate::{Chat, Error};

/// People asked about that cost as much as one small frame.
const ASKED_A_SIGNAL: usize = 10;

/// Who wants to know about whom.
pub(crate) struct Presence {
    offline_after: Duration,
    watchers: DashMap<UserId, HashMap<ConnectionId, Weak<Core>>>,
    /// Who went lately, and may still be back in time never to have been away.
    goings: DashMap<UserId, Going>,
}

/// The last connection of a user went.
#[derive(Clone, Copy)]
struct Going {
    left_at: Timestamp,
    away_from: Instant,
}

impl Presence {
    pub(crate) fn new(offline_after: Duration) -> Self {
        Self { offline_after, watchers: DashMap::new(), goings: DashMap::new() }
    }

    /// Who stayed away for long enough by `now`, and since when.
    fn take_away(&self, now: Instant) -> Vec<(UserId, Timestamp)> {
        let due: Vec<UserId> =
            self.goings.iter().filter(|going| going.away_from <= now).map(|going| *going.key()).collect();
        // Somebody may have come and gone again since the line above.
        let gone =
            due.iter().filter_map(|user| self.goings.remove_if(user, |_, going| going.away_from <= now));
        gone.map(|(user, going)| (user, going.left_at)).collect()
    }

    fn watch(&self, user: UserId, core: &Arc<Core>) {
        self.watchers.entry(user).or_default().insert(core.id(), Arc::downgrade(core));
    }

    fn tell(&self, user: UserId, state: PresenceState) {
        let Some(watchers) = self.watchers.get(&user).map(|watchers| watchers.clone()) else { return };
        let event = ServerEvent::Presence { users: BTreeMap::from([(user, state)]) };
        for core in watchers.values().filter_map(Weak::upgrade) {
            core.mailbox().send(&event);
        }
    }
}

impl Chat {
    /// Answers who of `users` is there, and tells this connection when that changes.
    pub(crate) async fn watch_presence(&self, core: &Arc<Core>, ids: &[UserId]) -> Result<(), Error> {
        self.paces().signal(core.user_id(), 1 + ids.len() / ASKED_A_SIGNAL)?;
        let known = users::find_many(self.db().conn(), ids).await?;
        let there: Vec<UserId> = known.iter().map(|row| UserId::from_uuid(row.id)).collect();
        let most = self.limits().watched_per_connection;
        if !core.watch(&there, most) {
            let rule = format!("must be at most {most}, with all that were asked for on this connection");
            return Err(Error::Field(FieldError::new("users", rule)));
        }
        let mut states = BTreeMap::new();
        for (row, user) in known.iter().zip(there) {
            self.presence().watch(user, core);
            let last_seen = Timestamp::from_millis(row.last_seen_at_ms.unwrap_or(row.created_at_ms));
            states.insert(user, self.presence_of(user, last_seen));
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

    /// Whether `user` is there, or when they were last seen: `written`, or later where that is not written yet.
    fn presence_of(&self, user: UserId, written: Timestamp) -> PresenceState {
        if self.hub().is_online(user) || self.presence().goings.contains_key(&user) {
            return PresenceState::Online;
        }
        PresenceState::LastSeen(self.gathered().last_seen(user).map_or(written, |seen| seen.max(written)))
    }

    /// The first connection of `user` here. Who is back in time was never away, and nobody is told.
    pub(crate) fn came_online(&self, user: UserId) {
        if self.presence().goings.remove(&user).is_none() {
            self.presence().tell(user, PresenceState::Online);
        }
    }

    /// The last connection of `user` here is gone. They count as offline only when they stay away: a phone in a lift
    /// is back in seconds.
    pub(crate) fn went_offline(&self, user: UserId) {
        let left_at = self.now();
        self.gathered().saw(user, left_at);
        let away_from = Instant::now() + self.presence().offline_after;
        self.presence().goings.insert(user, Going { left_at, away_from });
    }

    /// A connection is gone, and watches nobody any more.
    pub(crate) fn stop_watching(&self, core: &Core) {
        let watchers = &self.presence().watchers;
        for user in core.take_watched() {
            if let Some(mut watching) = watchers.get_mut(&user) {
                watching.remove(&core.id());
            }
            watchers.remove_if(&user, |_, watching| watching.is_empty());
        }
    }

    fn tell_who_is_away(&self) {
        for (user, left_at) in self.presence().take_away(Instant::now()) {
            if self.hub().is_online(user) {
                continue;
            }
            self.presence().tell(user, PresenceState::LastSeen(left_at));
            // Who came in between was told to be there before, and would be away for ever.
            if self.hub().is_online(user) {
                self.presence().tell(user, PresenceState::Online);
            }
        }
    }
}

/// Looks now and then who of those that went stays away.
pub(crate) async fn notice_who_is_away(chat: Chat) {
    const OFTEN: Duration = Duration::from_millis(10);
    const SELDOM: Duration = Duration::from_millis(500);
    let mut ticks = tokio::time::interval((chat.presence().offline_after / 4).clamp(OFTEN, SELDOM));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        chat.tell_who_is_away();
    }
}
