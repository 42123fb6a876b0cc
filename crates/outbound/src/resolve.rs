//! From names to addresses.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::Pin;

/// The addresses of a name, when they are known.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who knows the addresses of names. Asked once for each connection; nobody else resolves a name on the way.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `name`.
    fn resolve(&self, name: &str) -> Resolving;
}

/// The system's resolver. Names below `localhost` are this machine wherever it runs (RFC 6761 §6.3), also where the system
/// knows none of them: so that somebody who writes a plugin can try it against a server of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: &str) -> Resolving {
        if name.ends_with(".localhost") {
            let here = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Box::pin(std::future::ready(Ok(here)));
        }
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_below_localhost_is_this_machine() {
        let here = SystemNames.resolve("api.localhost").await.unwrap();
        assert!(!here.is_empty() && here.iter().all(IpAddr::is_loopback), "{here:?}");
    }
}
