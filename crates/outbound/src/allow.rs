//! What an operator allows beyond the public internet.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::address::{in_v4, in_v6, is_public};

/// What is allowed beyond encrypted connections to public addresses; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    /// `http://` for the origins that say so.
    pub plain_http: bool,
    /// Addresses that are reached although they are not public: loopback for a test, a host in the same rack.
    pub networks: Vec<Network>,
}

impl Allow {
    /// Plain http, and loopback: for tests and development.
    #[must_use]
    pub fn loopback() -> Self {
        let v4 = Network { address: Ipv4Addr::new(127, 0, 0, 0).into(), bits: 8 };
        let v6 = Network { address: Ipv6Addr::LOCALHOST.into(), bits: 128 };
        Self { plain_http: true, networks: vec![v4, v6] }
    }

    /// Whether a connection to `address` may be made.
    #[must_use]
    pub fn reaches(&self, address: IpAddr) -> bool {
        is_public(address) || self.networks.iter().any(|network| network.contains(address))
    }
}

/// Addresses with the same first bits: `10.1.0.0/16`, `fd00::/8`; without a slash, one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// Not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is an address, perhaps with a slash and a number of bits: 10.1.0.0/16, ::1")]
pub struct InvalidNetwork;

impl Network {
    /// Whether `address` lies in it. An IPv4 network holds no IPv6 address, however it is written.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => in_v4(address, network, self.bits),
            (IpAddr::V6(network), IpAddr::V6(address)) => in_v6(address, network, self.bits),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| InvalidNetwork)?;
        if bits <= most { Ok(Self { address, bits }) } else { Err(InvalidNetwork) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_what_shares_its_bits() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.1.0.0/16", "10.1.255.3") && !holds("10.1.0.0/16", "10.2.0.0"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::ffff:8.8.8.8"));
        assert!(holds("fd00::/8", "fdff::1") && !holds("fd00::/8", "fe80::1"));
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "localhost"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_beyond_the_internet_is_allowed_by_default() {
        let none = Allow::default();
        assert!(none.reaches("8.8.8.8".parse().unwrap()) && !none.reaches("127.0.0.1".parse().unwrap()));
        let loopback = Allow::loopback();
        assert!(loopback.reaches("127.0.0.1".parse().unwrap()) && loopback.reaches("::1".parse().unwrap()));
        assert!(!loopback.reaches("10.0.0.1".parse().unwrap()));
    }
}
