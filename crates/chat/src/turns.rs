//! Reading much takes turns and its time: what one user asks for at once waits for itself, and nobody else for it.

use std::num::NonZeroU32;
use std::sync::{Arc, Weak};

use dashmap::DashMap;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use teahouse_protocol::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::ChatLimits;

/// Readings of one user at once, over all their connections and REST: fewer than there are connections to the database.
const AT_ONCE: usize = 2;

/// Who reads just now, and how much each has read lately.
pub(crate) struct Turns {
    reading: DashMap<UserId, Weak<Semaphore>>,
    read: Option<Read>,
}

/// Messages and events read by each user.
struct Read {
    keyed: DefaultKeyedRateLimiter<UserId>,
    burst: NonZeroU32,
}

/// Leave to read, until it is dropped.
#[must_use]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    user: UserId,
    /// `None` is as good: nobody ever takes the leave away.
    _leave: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(crate) fn new(limits: ChatLimits) -> Self {
        let read = NonZeroU32::new(limits.reads_per_second).map(|rate| {
            let burst = NonZeroU32::new(limits.read_burst).unwrap_or(rate);
            Read { keyed: RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)), burst }
        });
        Self { reading: DashMap::new(), read }
    }

    /// Waits until fewer than [`AT_ONCE`] readings of `user` are under way; those that wait go in the order in which they came.
    pub(crate) async fn take(&self, user: UserId) -> Turn<'_> {
        let leave = self.of(user).acquire_owned().await.ok();
        Turn { turns: self, user, _leave: leave }
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        let mut place = self.reading.entry(user).or_default();
        place.upgrade().unwrap_or_else(|| {
            let turns = Arc::new(Semaphore::new(AT_ONCE));
            *place = Arc::downgrade(&turns);
            turns
        })
    }

    /// Forgets users who have read nothing for a while.
    pub(crate) fn sweep(&self) {
        self.reading.retain(|_, turns| turns.strong_count() > 0);
        if let Some(read) = &self.read {
            read.keyed.retain_recent();
        }
    }
}

impl Turn<'_> {
    /// Counts so many messages and events, and waits for as long as their user has read too much.
    pub(crate) async fn has_read(&self, many: usize) {
        let (Some(read), Some(many)) =
            (&self.turns.read, NonZeroU32::new(u32::try_from(many).unwrap_or(u32::MAX)))
        else {
            return;
        };
        // More than all that may come at once takes all of it.
        let _ = read.keyed.until_key_n_ready(&self.user, many.min(read.burst)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What is ready without waiting.
    fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
        match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }

    #[test]
    fn each_waits_for_themselves_alone() {
        let turns = Turns::new(ChatLimits::NONE);
        let (ann, bob) = (UserId::generate(), UserId::generate());
        let mut held: Vec<_> = (0..AT_ONCE).map(|_| at_once(turns.take(ann)).unwrap()).collect();
        assert!(at_once(turns.take(ann)).is_none());
        assert!(at_once(turns.take(bob)).is_some());
        turns.sweep();
        assert!(at_once(turns.take(ann)).is_none(), "a sweep forgets nobody who reads");
        held.pop();
        assert!(at_once(turns.take(ann)).is_some());
        held.clear();
        turns.sweep();
        assert!(turns.reading.is_empty());
    }

    #[test]
    fn who_has_read_too_much_waits() {
        let turns = Turns::new(ChatLimits { reads_per_second: 1, read_burst: 100, ..ChatLimits::NONE });
        let (ann, bob) = (UserId::generate(), UserId::generate());
        let turn = at_once(turns.take(ann)).unwrap();
        assert!(at_once(turn.has_read(0)).is_some() && at_once(turn.has_read(90)).is_some());
        assert!(at_once(turn.has_read(50)).is_none());
        let other = at_once(turns.take(bob)).unwrap();
        assert!(at_once(other.has_read(500)).is_some(), "all of it, and not for ever");
        let free = Turns::new(ChatLimits::NONE);
        assert!(at_once(at_once(free.take(ann)).unwrap().has_read(usize::MAX)).is_some());
    }
}
