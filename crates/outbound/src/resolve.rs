//! From names to addresses.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::{io, sync::Arc};

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

/// Some names with fixed addresses, the others by another resolver: an operator's own `hosts` file. The addresses are
/// checked like any others.
pub struct FixedNames {
    names: HashMap<String, Vec<IpAddr>>,
    others: Arc<dyn Resolve>,
}

impl FixedNames {
    /// `names` in lower case, and who is asked for others.
    pub fn new(names: HashMap<String, Vec<IpAddr>>, others: Arc<dyn Resolve>) -> Self {
        Self { names, others }
    }
}

impl Resolve for FixedNames {
    fn resolve(&self, name: &str) -> Resolving {
        match self.names.get(name) {
            Some(addresses) => {
                let addresses = addresses.clone();
                Box::pin(std::future::ready(Ok(addresses)))
            }
            None => self.others.resolve(name),
        }
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
