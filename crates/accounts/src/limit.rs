//! How often one address may sign in.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use teahouse_protocol::Clock;

use crate::Error;

/// Addresses that have been quiet are forgotten once in so many sign-ins.
const FORGET_EVERY: u32 = 1024;

type Limiter = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, ClockOfOurs, NoOpMiddleware<Duration>>;

/// Counts sign-ins by address.
pub(crate) struct SignInLimit {
    /// Absent: no limit.
    limiter: Option<Limiter>,
    clock: ClockOfOurs,
    checks: AtomicU32,
}

impl SignInLimit {
    /// At most `per_minute` sign-ins an address, all of which may come at once; 0 for any number.
    pub(crate) fn new(per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        let clock = ClockOfOurs(clock);
        let limiter = NonZeroU32::new(per_minute)
            .map(|most| RateLimiter::dashmap_with_clock(Quota::per_minute(most), clock.clone()));
        Self { limiter, clock, checks: AtomicU32::new(0) }
    }

    /// Counts one sign-in from `address`.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when there were too many.
    pub(crate) fn check(&self, address: Option<IpAddr>) -> Result<(), Error> {
        let (Some(limiter), Some(address)) = (&self.limiter, address) else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        limiter
            .check_key(&network(address))
            .map_err(|refusal| Error::RateLimited { retry_after: refusal.wait_time_from(self.clock.now()) })
    }
}

/// Whoever has one IPv6 address mostly has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        four => four,
    }
}

/// The server's clock as the limiter wants it: time since the epoch.
#[derive(Clone)]
struct ClockOfOurs(Arc<dyn Clock>);

impl GovernorClock for ClockOfOurs {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::{ManualClock, Timestamp};

    use super::*;

    fn limit(per_minute: u32) -> (Arc<ManualClock>, SignInLimit) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
        (clock.clone(), SignInLimit::new(per_minute, clock))
    }

    #[test]
    fn one_past_the_limit_is_refused_until_the_time_it_says() {
        let (clock, limit) = limit(3);
        let address = Some(IpAddr::from([192, 0, 2, 1]));
        for _ in 0..3 {
            limit.check(address).unwrap();
        }
        let Err(Error::RateLimited { retry_after }) = limit.check(address) else { panic!("refused") };
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(20));
        limit.check(Some(IpAddr::from([192, 0, 2, 2]))).unwrap();
        clock.advance(retry_after);
        limit.check(address).unwrap();
    }

    #[test]
    fn zero_is_no_limit() {
        let (_, limit) = limit(0);
        for _ in 0..10_000 {
            limit.check(Some(IpAddr::from([192, 0, 2, 1]))).unwrap();
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let (_, limit) = limit(1);
        limit.check(Some("2001:db8::1".parse().unwrap())).unwrap();
        assert!(limit.check(Some("2001:db8::2".parse().unwrap())).is_err());
        assert!(limit.check(Some("2001:db8:0:1::1".parse().unwrap())).is_ok());
    }

    #[test]
    fn addresses_that_went_quiet_are_forgotten() {
        let (clock, limit) = limit(1);
        for number in 0..FORGET_EVERY - 1 {
            limit.check(Some(std::net::Ipv4Addr::from_bits(number).into())).unwrap();
        }
        clock.advance(Duration::from_secs(120));
        limit.check(Some(IpAddr::from([192, 0, 2, 1]))).unwrap();
        assert!(limit.limiter.unwrap().len() <= 1);
    }
}
