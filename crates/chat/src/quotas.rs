//! How many rooms a person may make and how many people they may turn to in a day: what is little to one person is much to
//! those who get it.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use teahouse_protocol::UserId;

use crate::config::MakingLimits;
use crate::{Error, Reason, reason};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What waits for other people's answers is free again when they answer: nobody knows when.
const ASK_AGAIN: Duration = Duration::from_secs(60 * 60);

/// The quotas of all users, kept in this node's memory: a restart forgives.
pub(crate) struct Quotas {
    rooms: DayQuota,
    directs: DayQuota,
    invitations: DayQuota,
    waiting: u32,
}

impl Quotas {
    pub(crate) fn new(limits: MakingLimits) -> Self {
        Self {
            rooms: DayQuota::new(limits.rooms_per_day),
            directs: DayQuota::new(limits.directs_per_day),
            invitations: DayQuota::new(limits.invitations_per_day),
            waiting: limits.invitations_waiting,
        }
    }

    /// # Errors
    /// [`Error::QuotaReached`].
    pub(crate) fn make_room(&self, by: UserId) -> Result<(), Error> {
        self.rooms.take(by, 1, reason::ENOUGH_ROOMS)
    }

    /// # Errors
    /// [`Error::QuotaReached`].
    pub(crate) fn open_direct(&self, by: UserId) -> Result<(), Error> {
        self.directs.take(by, 1, reason::ENOUGH_DIRECTS)
    }

    /// Room for `more` invitations of somebody of whose `waiting` are not answered yet.
    ///
    /// # Errors
    /// [`Error::QuotaReached`].
    pub(crate) fn invite(&self, by: UserId, more: u32, waiting: u64) -> Result<(), Error> {
        let is_over = waiting.saturating_add(more.into()) > self.waiting.into();
        if self.waiting > 0 && is_over {
            return Err(Error::QuotaReached { what: reason::ENOUGH_WAIT, retry_after: ASK_AGAIN });
        }
        self.invitations.take(by, more, reason::ENOUGH_INVITATIONS)
    }

    /// Forgets users whose quotas are whole again.
    pub(crate) fn sweep(&self) {
        for quota in [&self.rooms, &self.directs, &self.invitations] {
            quota.sweep();
        }
    }
}

/// So many in a day, and they come back one by one over the day.
struct DayQuota(Option<DefaultKeyedRateLimiter<UserId>>);

impl DayQuota {
    /// 0: no limit.
    fn new(per_day: u32) -> Self {
        let quota = NonZeroU32::new(per_day)
            .and_then(|most| Some(Quota::with_period(DAY / most.get())?.allow_burst(most)));
        Self(quota.map(RateLimiter::keyed))
    }

    fn take(&self, user: UserId, many: u32, what: Reason) -> Result<(), Error> {
        let (Some(limiter), Some(many)) = (&self.0, NonZeroU32::new(many)) else { return Ok(()) };
        match limiter.check_key_n(&user, many) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(Error::QuotaReached { what, retry_after: wait.max(Duration::from_secs(1)) })
            }
            // More than a day allows, whatever the day.
            Err(_) => Err(Error::QuotaReached { what, retry_after: DAY }),
        }
    }

    fn sweep(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(most: u32) -> MakingLimits {
        MakingLimits {
            rooms_per_day: most,
            directs_per_day: most,
            invitations_per_day: most,
            invitations_waiting: 5,
        }
    }

    #[track_caller]
    fn wait(result: Result<(), Error>) -> Duration {
        result.expect_err("a refusal").retry_after().expect("when to try again")
    }

    #[test]
    fn a_quota_is_a_users_own_and_each_kind_by_itself() {
        let (quotas, ann, bob) = (Quotas::new(limits(2)), UserId::generate(), UserId::generate());
        for _ in 0..2 {
            quotas.make_room(ann).unwrap();
        }
        let hours = wait(quotas.make_room(ann)).as_secs() / 60 / 60;
        assert!((11..=12).contains(&hours), "one comes back in half a day, and not in {hours} h");
        quotas.make_room(bob).unwrap();
        quotas.open_direct(ann).unwrap();
        quotas.invite(ann, 2, 0).unwrap();
        wait(quotas.invite(ann, 1, 0));
    }

    #[test]
    fn what_waits_counts_with_what_is_sent() {
        let (quotas, ann) = (Quotas::new(limits(100)), UserId::generate());
        quotas.invite(ann, 2, 3).unwrap();
        assert_eq!(wait(quotas.invite(ann, 2, 4)), ASK_AGAIN);
        assert_eq!(wait(Quotas::new(limits(3)).invite(ann, 4, 0)), DAY, "no day has so many");
    }

    #[test]
    fn none_is_no_limit() {
        let (quotas, ann) = (Quotas::new(MakingLimits::NONE), UserId::generate());
        for _ in 0..1_000 {
            quotas.make_room(ann).unwrap();
            quotas.invite(ann, 1_000, 1_000_000).unwrap();
        }
    }
}
