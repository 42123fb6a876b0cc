//! Where the simulator may send something by itself. WeChat's servers push to the address in an app's console, which is
//! that of the app's own server; here whoever reaches the control paths says where, and is not to look around by it.

use teahouse_outbound::{Allow, Network, Origin};
use url::{Host, Url};

/// Where pushes go, and where media are fetched from.
#[derive(Debug, Clone)]
pub enum Reach {
    /// Any port of this machine: for tests, where nobody else gives orders.
    ThisMachine,
    /// These origins, whatever their addresses; nothing else.
    Origins(Vec<Origin>),
}

impl Default for Reach {
    fn default() -> Self {
        Self::Origins(Vec::new())
    }
}

impl Reach {
    /// The origin that `url` leads to, if it is one of these.
    pub(crate) fn permits(&self, url: &Url) -> Option<Origin> {
        match self {
            Self::ThisMachine => {
                let origin = url.origin().ascii_serialization().parse().ok();
                origin.filter(|_| is_this_machine(url))
            }
            Self::Origins(origins) => origins.iter().find(|origin| origin.matches(url)).cloned(),
        }
    }

    /// The addresses that are no public ones, and meant all the same.
    pub(crate) fn allow(&self) -> Allow {
        let mut allow = Allow::loopback();
        if let Self::Origins(origins) = self {
            let urls = origins.iter().filter_map(|origin| Url::parse(&origin.to_string()).ok());
            allow.networks.extend(urls.filter_map(|url| address(&url)?.to_string().parse::<Network>().ok()));
        }
        allow
    }
}

fn address(url: &Url) -> Option<std::net::IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn is_this_machine(url: &Url) -> bool {
    url.host_str() == Some("localhost") || address(url).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reach: &Reach, url: &str, permitted: bool) {
        assert_eq!(reach.permits(&Url::parse(url).unwrap()).is_some(), permitted, "{url}");
    }

    #[test]
    fn only_the_origins_that_were_named_are_reached() {
        let own = ["http://127.0.0.1:8080", "https://chat.example.com", "http://192.168.1.7:8080"];
        let reach = Reach::Origins(own.map(|origin| origin.parse().unwrap()).into());
        check(&reach, "http://127.0.0.1:8080/push?a=b", true);
        check(&reach, "https://chat.example.com/push", true);
        for elsewhere in [
            "http://127.0.0.1:5432/",
            "http://localhost:8080/",
            "http://169.254.169.254/latest/meta-data/",
            "http://chat.example.com/",
            "https://chat.example.com.evil.example/",
        ] {
            check(&reach, elsewhere, false);
        }
        check(&Reach::default(), "http://127.0.0.1:8080/", false);
        assert!(
            reach.allow().reaches([192, 168, 1, 7].into()) && !reach.allow().reaches([192, 168, 1, 8].into())
        );
    }

    #[test]
    fn this_machine_is_the_loopback() {
        check(&Reach::ThisMachine, "http://127.0.0.1:1/", true);
        check(&Reach::ThisMachine, "http://[::1]:1/", true);
        check(&Reach::ThisMachine, "http://10.0.0.1/", false);
        check(&Reach::ThisMachine, "https://example.com/", false);
    }
}
