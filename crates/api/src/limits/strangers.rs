//! How often one address may ask without saying who asks.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use poem::{Endpoint, Request, Result};

use super::{Exhausted, Limiter};
use crate::problem::Problem;

/// Counts requests by address: those that show no session and no key that is good. Clones count together.
#[derive(Clone)]
pub struct Strangers(Option<Arc<Limiter<IpAddr>>>);

impl Strangers {
    /// So many requests a second, averaged, from each address; 0: any number.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self(Limiter::per_second(per_second).map(Arc::new))
    }

    /// Counts every request to `inner`, which asks nobody who they are. Refused is with a problem, so that this belongs
    /// inside of [`framed`](crate::framed).
    #[must_use]
    pub fn counted<E: Endpoint>(&self, inner: E) -> Counted<E> {
        Counted { inner, strangers: self.clone() }
    }

    pub(crate) fn count(&self, request: &Request) -> Result<(), Problem> {
        let address = request.remote_addr().as_socket_addr().map(|address| address.ip());
        self.count_from(address).map_err(Problem::from)
    }

    fn count_from(&self, address: Option<IpAddr>) -> Result<(), Exhausted> {
        let (Some(limiter), Some(address)) = (&self.0, address) else { return Ok(()) };
        limiter.count(&network(address)).map(drop)
    }
}

/// What [`Strangers::counted`] makes of an endpoint.
pub struct Counted<E> {
    inner: E,
    strangers: Strangers,
}

impl<E: Endpoint> Endpoint for Counted<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        self.strangers.count(&request)?;
        self.inner.call(request).await
    }
}

/// One household is one address: IPv6 by its /64, of which everybody has at least one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_of_one_network_are_counted_together() {
        let strangers = Strangers::new(2);
        let count = |address: &str| strangers.count_from(Some(address.parse().unwrap()));
        assert!(count("2001:db8:1:2::1").is_ok());
        assert!(count("2001:db8:1:2:ffff::2").is_ok());
        assert!(count("2001:db8:1:2::1").is_err());
        assert!(count("2001:db8:1:3::1").is_ok());
    }

    #[test]
    fn zero_is_no_limit() {
        let strangers = Strangers::new(0);
        assert!((0..10_000).all(|_| strangers.count_from(Some([192, 0, 2, 1].into())).is_ok()));
    }
}
