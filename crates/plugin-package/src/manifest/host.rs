//! Hosts that a plugin asks to talk to.

use std::{fmt, net::IpAddr, str::FromStr};

/// An origin, or all below a domain: `https://api.example.org`, `https://*.example.org:8443`. The port is the scheme's
/// own unless it is named. `*.` stands for one label or more, never for none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern {
    host: String,
    below: bool,
    port: u16,
    encrypted: bool,
}

/// Not a host that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a host is https://NAME or https://*.NAME, perhaps with a port, and nothing after it; NAME is lower case, has a \
     dot, and is no IP address"
)]
pub struct InvalidHost;

impl HostPattern {
    /// The name, without the `*.`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it stands for every name below [`Self::host`], and not for that name itself.
    #[must_use]
    pub fn is_below(&self) -> bool {
        self.below
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is `https`. A plain one is shown to the admin as what it is.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether each origin that `asked` reaches is reached by this pattern too.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        let same_door = self.port == asked.port && self.encrypted == asked.encrypted;
        let deeper = || asked.host.strip_suffix(&self.host).is_some_and(|rest| rest.ends_with('.'));
        same_door
            && match (self.below, asked.below) {
                (false, false) => self.host == asked.host,
                (false, true) => false,
                (true, false) => deeper(),
                (true, true) => self.host == asked.host || deeper(),
            }
    }

    fn default_port(encrypted: bool) -> u16 {
        if encrypted { 443 } else { 80 }
    }
}

impl FromStr for HostPattern {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let (encrypted, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(InvalidHost),
        };
        let (name, port) = match rest.split_once(':') {
            Some((name, port)) => (name, read_port(port)?),
            None => (rest, Self::default_port(encrypted)),
        };
        let (below, host) = name.strip_prefix("*.").map_or((false, name), |host| (true, host));
        if is_name(host) {
            Ok(Self { host: host.to_owned(), below, port, encrypted })
        } else {
            Err(InvalidHost)
        }
    }
}

fn read_port(text: &str) -> Result<u16, InvalidHost> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().map_err(|_| InvalidHost) } else { Err(InvalidHost) }
}

/// A DNS name of two labels or more. The last one is no number, so that no form of an IPv4 address passes.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_word = || {
        let last = host.rsplit('.').next().unwrap_or_default();
        !last.bytes().all(|byte| byte.is_ascii_digit()) && !last.starts_with("0x")
    };
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(label)
        && last_is_word()
        && host.parse::<IpAddr>().is_err()
}

impl fmt::Display for HostPattern {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        let below = if self.below { "*." } else { "" };
        write!(to, "{scheme}://{below}{}", self.host)?;
        if self.port != Self::default_port(self.encrypted) {
            write!(to, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl serde::Serialize for HostPattern {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for HostPattern {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> HostPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_is_written_as_it_was_read() {
        for text in [
            "https://api.example.org",
            "https://*.example.org",
            "https://api.example.org:8443",
            "http://*.example.org:8080",
            "https://xn--fiq228c.example",
        ] {
            assert_eq!(pattern(text).to_string(), text);
        }
        assert_eq!(pattern("https://a.example:443").to_string(), "https://a.example");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            "api.example.org",
            "ftp://a.example",
            "https://",
            "https://localhost",
            "https://*",
            "https://*.org:",
            "https://a.*.org",
            "https://A.example",
            "https://a.example/",
            "https://a.example/x",
            "https://u@a.example",
            "https://a.example.",
            "https://a..example",
            "https://127.0.0.1",
            "https://0177.0.0.1",
            "https://a.0x7f",
            "https://[::1]",
            "https://2130706433",
            "https://a.example:0",
            "https://a.example:70000",
            "https://a.example:443:1",
            "https://a.example?x",
            "https://茶.example",
        ] {
            assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_covers_what_it_reaches() {
        let covers = |mine: &str, asked: &str| pattern(mine).covers(&pattern(asked));
        assert!(covers("https://a.example", "https://a.example"));
        assert!(covers("https://*.a.example", "https://b.a.example"));
        assert!(covers("https://*.a.example", "https://*.b.a.example"));
        assert!(!covers("https://*.a.example", "https://a.example"));
        assert!(!covers("https://*.a.example", "https://xa.example"));
        assert!(!covers("https://a.example", "https://*.a.example"));
        assert!(!covers("https://a.example", "http://a.example"));
        assert!(!covers("https://a.example", "https://a.example:8443"));
    }
}
