//! The address of a client whose request came by way of proxies: their word for it, as far as they are trusted.

use std::net::IpAddr;

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::config::{ProxyHeader, TrustedProxy};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whose word about a client's address counts, and where it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    pub(super) trusted: Vec<TrustedProxy>,
    pub(super) header: ProxyHeader,
    /// Whether trusted proxies begin a connection with the PROXY protocol.
    pub(super) protocol: bool,
}

impl Proxies {
    /// Whether `peer` is a proxy whose word counts.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|proxy| proxy.contains(peer))
    }

    /// Whether a connection from `peer` must begin with the PROXY protocol.
    pub(super) fn announces(&self, peer: IpAddr) -> bool {
        self.protocol && self.trusts(peer)
    }

    /// Who asks, where the request came from `peer`. Each proxy appends whom it was asked by, so the header is read from
    /// the right, and only as long as the one who wrote it is trusted: what stands further left the client itself may
    /// have invented. An entry that is no address ends it at the last one that is known.
    pub(super) fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut client = peer;
        if !self.trusts(peer) {
            return client;
        }
        let name = match self.header {
            ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
            ProxyHeader::Forwarded => header::FORWARDED,
        };
        let lines: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
        for line in lines.into_iter().rev() {
            for hop in self.hops(line).into_iter().rev() {
                let Some(address) = hop else { return client };
                client = address;
                if !self.trusts(client) {
                    return client;
                }
            }
        }
        client
    }

    /// The hops of one line of the header, from the left. A line that can't be read has one that is unknown.
    fn hops(&self, line: &HeaderValue) -> Vec<Option<IpAddr>> {
        let Ok(line) = line.to_str() else { return vec![None] };
        match self.header {
            ProxyHeader::XForwardedFor => line.split(',').map(|hop| node(hop.trim())).collect(),
            ProxyHeader::Forwarded => forwarded(line).unwrap_or_else(|| vec![None]),
        }
    }
}

/// The `for` of each element (RFC 7239 §4). `None`: a quoted text has no end, and where elements begin is a guess.
///
/// The library that poem uses splits within quoted texts, where a client may write what looks like an element.
fn forwarded(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let elements = split_outside_quotes(line, ',')?;
    elements.into_iter().map(|element| Some(forwarded_for(split_outside_quotes(element, ';')?))).collect()
}

fn forwarded_for(pairs: Vec<&str>) -> Option<IpAddr> {
    let named = pairs.into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    node(named.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"')).unwrap_or(named))
}

fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            letter if letter == separator && !quoted => {
                parts.push(&text[from..at]);
                from = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    (!quoted).then_some(parts)
}

/// An address, with a port or without, an IPv6 one in brackets or without (RFC 7239 §6).
fn node(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse().ok();
    text.parse().ok().map(|address: std::net::SocketAddr| address.ip()).or_else(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "203.0.113.7";

    fn proxies(header: ProxyHeader) -> Proxies {
        let trusted =
            ["127.0.0.1", "10.0.0.0/8", "fd00::/8"].map(|proxy| proxy.parse::<TrustedProxy>().unwrap());
        Proxies { trusted: trusted.into(), header, protocol: false }
    }

    #[track_caller]
    fn check(header: ProxyHeader, peer: &str, lines: &[(&'static str, &str)], expected: &str) {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, line.parse().unwrap());
        }
        let client = proxies(header).client(&headers, peer.parse().unwrap());
        assert_eq!(client, expected.parse::<IpAddr>().unwrap(), "{lines:?}");
    }

    #[track_caller]
    fn check_listed(peer: &str, lines: &[&str], expected: &str) {
        let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        check(ProxyHeader::XForwardedFor, peer, &lines, expected);
    }

    #[track_caller]
    fn check_forwarded(lines: &[&str], expected: &str) {
        let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
        check(ProxyHeader::Forwarded, "127.0.0.1", &lines, expected);
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        check_listed("127.0.0.1", &[CLIENT], CLIENT);
        check_listed("::ffff:127.0.0.1", &[CLIENT], CLIENT);
        check_listed("127.0.0.2", &[CLIENT], "127.0.0.2");
        check_listed("127.0.0.1", &[], "127.0.0.1");
        // The other header is the client's own: a proxy that does not write it passes it on.
        check(ProxyHeader::XForwardedFor, "127.0.0.1", &[("forwarded", "for=198.51.100.1")], "127.0.0.1");
        check(ProxyHeader::Forwarded, "127.0.0.1", &[("x-forwarded-for", "198.51.100.1")], "127.0.0.1");
    }

    #[test]
    fn a_list_is_read_from_the_right_past_trusted_proxies() {
        check_listed("127.0.0.1", &["198.51.100.1, 203.0.113.7"], CLIENT);
        check_listed("127.0.0.1", &["198.51.100.1, 203.0.113.7, 10.1.2.3"], CLIENT);
        check_listed("127.0.0.1", &["198.51.100.1", "203.0.113.7,10.1.2.3"], CLIENT);
        check_listed("127.0.0.1", &["10.0.0.9, 10.1.2.3"], "10.0.0.9");
        check_listed("127.0.0.1", &["203.0.113.7:4711"], CLIENT);
        check_listed("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1");
        check_listed("127.0.0.1", &["2001:db8::1, fd00::2"], "2001:db8::1");
    }

    #[test]
    fn what_is_no_address_ends_at_the_last_that_is_known() {
        check_listed("127.0.0.1", &["198.51.100.1, unknown, 10.1.2.3"], "10.1.2.3");
        check_listed("127.0.0.1", &["203.0.113.7, "], "127.0.0.1");
        check_listed("127.0.0.1", &["nonsense"], "127.0.0.1");
        check_forwarded(&["for=unknown"], "127.0.0.1");
        check_forwarded(&["for=_hidden, for=10.1.2.3"], "10.1.2.3");
        check_forwarded(&["proto=https"], "127.0.0.1");
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes() {
        check_forwarded(&["for=203.0.113.7"], CLIENT);
        check_forwarded(&["For=\"203.0.113.7:4711\";proto=https, for=10.0.0.1;by=\"[fd00::1]\""], CLIENT);
        check_forwarded(&["for=\"[2001:db8::1]\""], "2001:db8::1");
        check_forwarded(&["for=198.51.100.1", "proto=https ; for=203.0.113.7"], CLIENT);
    }

    #[test]
    fn a_client_can_not_write_an_element_into_a_quoted_text() {
        // The proxy repeats the Host header, which is the client's.
        check_forwarded(&["for=203.0.113.7;host=\"a, for=198.51.100.1\""], CLIENT);
        check_forwarded(&["for=203.0.113.7;host=\"a\\\", for=198.51.100.1\""], CLIENT);
        // The client's own header begins a text, and the proxy's element would end in it.
        check_forwarded(&["for=\"198.51.100.1, for=203.0.113.7"], "127.0.0.1");
    }
}
