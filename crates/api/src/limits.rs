//! How often somebody may ask, how much at once, and how large a request may be.

mod at_once;
mod strangers;

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use teahouse_protocol::{ErrorCode, UserId};

use crate::problem::Problem;

pub(crate) use at_once::{AtOnce, Place};
pub use strangers::{Counted, Strangers};

/// The limits of the HTTP surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// Requests that a user may make a second, averaged; 0: no limit.
    pub requests_per_second: u32,
    /// Requests of a user that may be under way at once; 0: no limit.
    pub requests_at_once: u32,
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
}

impl Default for ApiLimits {
    /// What a busy person never meets.
    fn default() -> Self {
        Self { requests_per_second: 50, requests_at_once: 32, body_bytes: 64 * 1024 }
    }
}

/// The limiters that one server holds.
pub(crate) struct Limiters {
    requests: Option<Limiter<UserId>>,
    at_once: AtOnce<UserId>,
    pub(crate) body_bytes: usize,
}

impl Limiters {
    pub(crate) fn new(limits: ApiLimits) -> Self {
        Self {
            requests: Limiter::per_second(limits.requests_per_second),
            at_once: AtOnce::new(limits.requests_at_once),
            body_bytes: limits.body_bytes,
        }
    }

    /// A place for one more request of `user`, which is given back when it is dropped.
    pub(crate) fn enter(&self, user: UserId) -> Result<Place<UserId>, Problem> {
        let crowded = || Problem::new(ErrorCode::RateLimited).retry_after(Some(Duration::from_secs(1)));
        self.at_once.enter(user).ok_or_else(crowded)
    }

    /// Counts a request of `user`. What is left of the allowance, where there is a limit.
    pub(crate) fn count_request(&self, user: UserId) -> Result<Option<Allowance>, Exhausted> {
        self.requests.as_ref().map(|limiter| limiter.count(&user)).transpose()
    }
}

/// What a caller may still ask for (draft-ietf-httpapi-ratelimit-headers-10).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    quota: u32,
    remaining: u32,
}

impl Allowance {
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Self { quota, remaining } = self;
        let fields = [
            ("ratelimit-policy", format!("\"{POLICY}\";q={quota};w={WINDOW_S}")),
            ("ratelimit", format!("\"{POLICY}\";r={remaining};t={WINDOW_S}")),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// The allowance is used up.
#[derive(Debug)]
pub(crate) struct Exhausted {
    pub(crate) allowance: Allowance,
    wait: Duration,
}

impl From<Exhausted> for Problem {
    fn from(exhausted: Exhausted) -> Self {
        Self::new(ErrorCode::RateLimited).retry_after(Some(exhausted.wait))
    }
}

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

struct Limiter<K: Hash + Eq + Clone> {
    keyed: Keyed<K>,
    clock: DefaultClock,
    counted: AtomicU32,
}

/// After so many counts those are forgotten whose allowance is whole again, so that memory follows the callers
/// of the moment and not of all time.
const COUNTS_BETWEEN_SWEEPS: u32 = 4_096;
/// The policy's name in the headers.
const POLICY: &str = "requests";
/// The quota is one of requests a second.
const WINDOW_S: u64 = 1;

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// 0: none.
    fn per_second(many: u32) -> Option<Self> {
        let quota = Quota::per_second(NonZeroU32::new(many)?);
        let keyed = RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>();
        Some(Self { keyed, clock: DefaultClock::default(), counted: AtomicU32::new(0) })
    }

    fn count(&self, who: &K) -> Result<Allowance, Exhausted> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % COUNTS_BETWEEN_SWEEPS == COUNTS_BETWEEN_SWEEPS - 1 {
            self.keyed.retain_recent();
        }
        match self.keyed.check_key(who) {
            Ok(state) => Ok(allowance(state.quota(), state.remaining_burst_capacity())),
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Err(Exhausted { allowance: allowance(not_until.quota(), 0), wait })
            }
        }
    }
}

fn allowance(quota: Quota, remaining: u32) -> Allowance {
    Allowance { quota: quota.burst_size().get(), remaining }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiters(requests_per_second: u32) -> Limiters {
        Limiters::new(ApiLimits { requests_per_second, ..ApiLimits::default() })
    }

    #[test]
    fn at_the_limit_a_user_passes_and_one_past_it_waits() {
        let limiters = limiters(2);
        let (ann, bob) = (UserId::generate(), UserId::generate());
        assert_eq!(limiters.count_request(ann).unwrap().unwrap().remaining, 1);
        assert_eq!(limiters.count_request(ann).unwrap().unwrap().remaining, 0);
        assert!(limiters.count_request(ann).unwrap_err().wait <= Duration::from_secs(1));
        assert!(limiters.count_request(bob).is_ok());
    }

    #[test]
    fn zero_is_no_limit() {
        assert!(limiters(0).count_request(UserId::generate()).unwrap().is_none());
    }

    #[test]
    fn the_headers_are_those_of_the_draft() {
        let mut headers = HeaderMap::new();
        limiters(5).count_request(UserId::generate()).unwrap().unwrap().write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"requests\";q=5;w=1");
        assert_eq!(headers["ratelimit"], "\"requests\";r=4;t=1");
    }
}
