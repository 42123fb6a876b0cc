//! How many connections each address has open.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

/// Over the limit a connection is still told so; over this many times the limit it is just dropped.
const TELL_UP_TO: u32 = 2;

/// Counts connections by address.
pub(crate) struct Addresses {
    /// 0: no limit, and nothing is counted.
    limit: u32,
    open: Mutex<HashMap<IpAddr, u32>>,
}

/// Whether there is a place for one more.
pub(crate) enum Place {
    /// There is.
    Free(Option<Occupied>),
    /// There is not, but there is for saying so.
    Crowded(Occupied),
    /// Not even that.
    Full,
}

/// A counted connection; dropping it gives the place back.
pub(crate) struct Occupied {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    pub(crate) fn new(limit: u32) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Place {
        if self.limit == 0 {
            return Place::Free(None);
        }
        let address = counted(address);
        let mut open = self.open.lock();
        let count = open.entry(address).or_default();
        if *count >= self.limit.saturating_mul(TELL_UP_TO) {
            return Place::Full;
        }
        *count += 1;
        let occupied = Occupied { addresses: self.clone(), address };
        if *count <= self.limit { Place::Free(Some(occupied)) } else { Place::Crowded(occupied) }
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        let mut open = self.addresses.open.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// One household is one address: IPv6 by its /64, of which everybody has at least one.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn one_past_the_limit_is_told_and_far_past_it_dropped() {
        let addresses = Addresses::new(1);
        let Place::Free(first) = addresses.enter(HERE) else { panic!("a free place") };
        let Place::Crowded(_second) = addresses.enter(HERE) else { panic!("a word") };
        assert!(matches!(addresses.enter(HERE), Place::Full));
        drop((first, _second));
        assert!(matches!(addresses.enter(HERE), Place::Free(Some(_))));
        assert!(addresses.open.lock().is_empty(), "what ended is not remembered");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let addresses = Addresses::new(0);
        assert!(matches!(addresses.enter(HERE), Place::Free(None)));
        assert!(addresses.open.lock().is_empty());
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one() {
        let one: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let two: IpAddr = "2001:db8:1:2:ffff::2".parse().unwrap();
        let other: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(counted(one), counted(two));
        assert_ne!(counted(one), counted(other));
        assert_eq!(counted("::ffff:127.0.0.1".parse().unwrap()), HERE);
    }
}
