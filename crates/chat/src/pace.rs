//! How fast one user may act: counted over all their connections and REST.

use std::num::NonZeroU32;
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use teahouse_protocol::{RoomId, Timestamp, UserId};

use crate::config::ChatLimits;
use crate::{Chat, Error};

/// How often one user may be shown as writing in a room, whatever they write with.
const TYPING_EVERY_MS: i64 = 3_000;

/// What each user has used of what they may do.
pub(crate) struct Paces {
    /// What goes into a room's log: messages, edits, recalls, reactions, and every other change.
    acts: Pace,
    /// What goes into none: read marks, typing, questions, joins of sockets.
    signals: Pace,
    /// Looks whether something that is refused now was accepted before.
    repeats: Pace,
    /// When a user was last shown as writing in a room.
    typed: DashMap<(UserId, RoomId), Timestamp>,
}

/// One rate for each user.
struct Pace(Option<Limiter>);

struct Limiter {
    keyed: DefaultKeyedRateLimiter<UserId>,
    burst: NonZeroU32,
}

impl Paces {
    pub(crate) fn new(limits: ChatLimits) -> Self {
        Self {
            acts: Pace::new(limits.messages_per_second, limits.message_burst),
            signals: Pace::new(limits.signals_per_second, limits.signal_burst),
            repeats: Pace::new(limits.messages_per_second, limits.message_burst),
            typed: DashMap::new(),
        }
    }

    /// Counts something that goes into a room's log.
    ///
    /// # Errors
    /// [`Error::RateLimited`], and then it does not count.
    pub(crate) fn act(&self, user: UserId) -> Result<(), Error> {
        self.acts.check(user, 1)
    }

    /// Counts something that goes into no log, and costs as much as `weight` small ones.
    ///
    /// # Errors
    /// [`Error::RateLimited`], and then it does not count.
    pub(crate) fn signal(&self, user: UserId, weight: usize) -> Result<(), Error> {
        self.signals.check(user, u32::try_from(weight).unwrap_or(u32::MAX))
    }

    /// Counts a look whether something that is refused now was accepted before: as many as acts.
    ///
    /// # Errors
    /// [`Error::RateLimited`], and then it does not count.
    pub(crate) fn repeat(&self, user: UserId) -> Result<(), Error> {
        self.repeats.check(user, 1)
    }

    /// Whether `user` may be shown as writing in `room` now; if so it counts as shown.
    pub(crate) fn may_type(&self, user: UserId, room: RoomId, now: Timestamp) -> bool {
        match self.typed.entry((user, room)) {
            Entry::Vacant(place) => {
                place.insert(now);
                true
            }
            Entry::Occupied(mut place) => {
                let may = is_long_ago(*place.get(), now);
                if may {
                    place.insert(now);
                }
                may
            }
        }
    }

    /// Forgets users who have done nothing for a while.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.acts.sweep();
        self.signals.sweep();
        self.repeats.sweep();
        self.typed.retain(|_, at| !is_long_ago(*at, now));
    }
}

/// A clock that was set back must not silence anybody.
fn is_long_ago(at: Timestamp, now: Timestamp) -> bool {
    !(0..TYPING_EVERY_MS).contains(&(now.millis() - at.millis()))
}

impl Pace {
    /// `per_second` 0: no limit; `burst` 0: as many as a second allows.
    fn new(per_second: u32, burst: u32) -> Self {
        Self(NonZeroU32::new(per_second).map(|rate| {
            let burst = NonZeroU32::new(burst).unwrap_or(rate);
            Limiter { keyed: RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)), burst }
        }))
    }

    fn check(&self, user: UserId, weight: u32) -> Result<(), Error> {
        let Some(Limiter { keyed, burst }) = &self.0 else { return Ok(()) };
        if weight <= 1 {
            return keyed.check_key(&user).map_err(|until| refusal(&until));
        }
        // What weighs more than all that may come at once takes all of it.
        let weight = NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN).min(*burst);
        match keyed.check_key_n(&user, weight) {
            Ok(checked) => checked.map_err(|until| refusal(&until)),
            Err(_) => Ok(()),
        }
    }

    fn sweep(&self) {
        if let Some(Limiter { keyed, .. }) = &self.0 {
            keyed.retain_recent();
        }
    }
}

fn refusal(until: &NotUntil<<DefaultClock as governor::clock::Clock>::Instant>) -> Error {
    let wait = until.wait_time_from(DefaultClock::default().now());
    Error::RateLimited { retry_after: wait.max(Duration::from_millis(1)) }
}

impl Chat {
    /// Counts a change that `user` is about to make.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub(crate) fn count_act(&self, user: UserId) -> Result<(), Error> {
        self.paces().act(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(signals_per_second: u32, signal_burst: u32) -> ChatLimits {
        ChatLimits { signals_per_second, signal_burst, ..ChatLimits::NONE }
    }

    #[test]
    fn what_weighs_more_takes_more() {
        let paces = Paces::new(limits(1, 10));
        let (ann, bob) = (UserId::generate(), UserId::generate());
        paces.signal(ann, 8).unwrap();
        assert!(matches!(paces.signal(ann, 3), Err(Error::RateLimited { .. })));
        paces.signal(ann, 2).unwrap();
        assert!(paces.signal(ann, 1).is_err());
        // More than a burst is a burst, and not for ever refused.
        paces.signal(bob, 1_000).unwrap();
        assert!(paces.signal(bob, 1).is_err());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let paces = Paces::new(ChatLimits::NONE);
        for _ in 0..1_000 {
            paces.act(UserId::generate()).unwrap();
        }
    }

    #[test]
    fn typing_is_counted_by_user_and_room_and_forgotten() {
        let paces = Paces::new(ChatLimits::NONE);
        let (ann, room, other) = (UserId::generate(), RoomId::generate(), RoomId::generate());
        let at = |ms| Timestamp::from_millis(1_000_000 + ms);
        assert!(paces.may_type(ann, room, at(0)));
        assert!(paces.may_type(ann, other, at(1)));
        assert!(!paces.may_type(ann, room, at(TYPING_EVERY_MS - 1)));
        assert!(paces.may_type(ann, room, at(TYPING_EVERY_MS)));
        assert!(paces.may_type(ann, room, at(0)), "a clock that was set back");
        paces.sweep(at(TYPING_EVERY_MS * 3));
        assert!(paces.typed.is_empty());
    }
}
