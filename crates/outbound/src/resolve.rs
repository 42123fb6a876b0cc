//! From names to addresses.

use std::{collections::HashMap, future::Future, io, net::IpAddr, pin::Pin, sync::Arc};

/// The addresses of a name, when they are known.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who knows the addresses of names. Asked once for each connection; nobody else resolves a name on the way.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `name`.
    fn resolve(&self, name: &str) -> Resolving;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: &str) -> Resolving {
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
