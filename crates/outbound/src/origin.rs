//! Where a request may go.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// A scheme, a host or all names below one, and a port: `https://api.example.org`, `https://*.example.org:8443`. `*.`
/// stands for one label or more, never for none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    encrypted: bool,
    below: bool,
    host: String,
    port: u16,
}

/// Not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is https://HOST or https://*.HOST, perhaps with a port, and nothing after it")]
pub struct InvalidOrigin;

impl Origin {
    /// Whether `url` goes there.
    #[must_use]
    pub fn matches(&self, url: &Url) -> bool {
        let scheme = if self.encrypted { "https" } else { "http" };
        let Some(host) = url.host_str() else { return false };
        let named = if self.below {
            // A name below: an address is none, whatever its text ends with.
            matches!(url.host(), Some(Host::Domain(_)))
                && host.strip_suffix(&self.host).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.host
        };
        named && url.scheme() == scheme && url.port_or_known_default() == Some(self.port)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidOrigin)?;
        let (below, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| InvalidOrigin)?;
        let host = url.host_str().ok_or(InvalidOrigin)?.to_owned();
        let port = url.port_or_known_default().ok_or(InvalidOrigin)?;
        let encrypted = url.scheme() == "https";
        // What the parser had to mend, or what follows the port, was no origin.
        let plain = rest == host || rest.strip_prefix(&host).is_some_and(|after| after == format!(":{port}"));
        let is_name = matches!(url.host(), Some(Host::Domain(_)));
        if !plain
            || below && !is_name
            || !matches!(scheme, "https" | "http")
            || host.ends_with('.')
            || host.contains('*')
        {
            return Err(InvalidOrigin);
        }
        Ok(Self { encrypted, below, host, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.encrypted { ("https", 443) } else { ("http", 80) };
        let below = if self.below { "*." } else { "" };
        write!(to, "{scheme}://{below}{}", self.host)?;
        if self.port == usual { Ok(()) } else { write!(to, ":{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(origin: &str, url: &str, matches: bool) {
        let origin: Origin = origin.parse().unwrap();
        assert_eq!(origin.matches(&Url::parse(url).unwrap()), matches, "{origin} {url}");
    }

    #[test]
    fn an_origin_is_host_scheme_and_port() {
        check("https://api.example.org", "https://api.example.org/a?b", true);
        check("https://api.example.org", "https://api.example.org:443/", true);
        check("https://api.example.org", "https://API.example.org/", true);
        check("https://api.example.org", "https://api.example.org:8443/", false);
        check("https://api.example.org", "http://api.example.org/", false);
        check("https://api.example.org", "https://api.example.org.evil.example/", false);
        check("https://api.example.org", "https://api.example.org./", false);
        check("https://api.example.org", "https://other.example.org/", false);
        check("http://127.0.0.1:8080", "http://127.0.0.1:8080/", true);
        check("http://[::1]:8080", "http://[::1]:8080/", true);
    }

    #[test]
    fn a_star_stands_for_labels() {
        check("https://*.example.org", "https://a.example.org/", true);
        check("https://*.example.org", "https://a.b.example.org/", true);
        check("https://*.example.org", "https://example.org/", false);
        check("https://*.example.org", "https://badexample.org/", false);
        check("https://*.example.org", "https://.example.org/", false);
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for bad in [
            "",
            "example.org",
            "https://",
            "https://a.example/",
            "https://a.example/x",
            "https://a.example?x",
            "https://u@a.example",
            "https://A.example",
            "https://a.example.",
            "https://2130706433",
            "https://0x7f.1",
            "https://*.127.0.0.1",
            "https://*.*.example",
            "https://a.*.example",
            "ftp://a.example",
            "https://a.example:99999",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
        for good in
            ["https://a.example", "http://a.example:8080", "https://*.a.example:8443", "http://localhost:1"]
        {
            assert_eq!(good.parse::<Origin>().unwrap().to_string(), good);
        }
    }
}
