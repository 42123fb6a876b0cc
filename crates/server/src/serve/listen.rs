//! Taking the address to listen on.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;

/// Listens on `place`, which stands at `key` of the configuration, and says where: it may be any free port.
///
/// # Errors
/// When the address is taken or is not this machine's.
pub(crate) async fn listen(place: &str, key: &str) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener =
        TcpListener::bind(place).await.with_context(|| format!("could not listen on {place} ({key})"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Prints the ready line. Whoever started the server waits for exactly this text.
pub(crate) fn announce(scheme: &str, address: SocketAddr) {
    println!("listening on {scheme}://{address}");
}

/// The address under which the server reaches itself.
pub(crate) fn from_here(address: SocketAddr) -> SocketAddr {
    let host = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        other => other.ip(),
    };
    SocketAddr::new(host, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listening: &str, reached: &str) {
        assert_eq!(from_here(listening.parse().unwrap()), reached.parse().unwrap());
    }

    #[test]
    fn an_address_for_all_is_reached_by_the_loopback() {
        check("0.0.0.0:80", "127.0.0.1:80");
        check("[::]:80", "[::1]:80");
        check("127.0.0.2:80", "127.0.0.2:80");
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let (_listener, address) = listen("127.0.0.1:0", "server.listen").await.unwrap();
        let error = listen(&address.to_string(), "server.listen").await.unwrap_err().to_string();
        assert!(error.contains(&address.to_string()) && error.contains("server.listen"), "{error}");
    }
}
