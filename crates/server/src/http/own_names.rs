//! Development mode gives whoever reaches it every identity. So it answers under its own names alone, and not to pages from
//! elsewhere: a page on the internet may have its name lead to this machine (DNS rebinding), or just post here.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;

use poem::http::uri::Authority;
use poem::http::{Uri, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use teahouse_protocol::ErrorCode;

use crate::config::{Config, Mode};

/// The names that a development server goes by.
#[derive(Debug, Default)]
pub(crate) struct OwnNames {
    hosts: Vec<String>,
    /// Origins that an operator lets in, whatever their host.
    origins: Vec<String>,
}

impl OwnNames {
    /// Absent in production, where nobody is taken at their word.
    pub(crate) fn of(config: &Config) -> Option<Self> {
        if config.mode == Mode::Production {
            return None;
        }
        let server = &config.server;
        let public = server.public_url.as_deref().and_then(|url| url.parse::<Uri>().ok());
        let public = public.and_then(|url| url.host().map(plain));
        // An address can't be made to lead elsewhere; the one that stands for all addresses is nobody's.
        let listening = Authority::from_str(&server.listen).ok().map(|authority| plain(authority.host()));
        let listening = listening.filter(|host| host.parse::<IpAddr>().is_ok_and(|it| !it.is_unspecified()));
        let told = server.development_hosts.iter().map(|host| plain(host));
        let hosts = told.chain(public).chain(listening).collect();
        Some(Self { hosts, origins: server.cors_origins.clone() })
    }

    fn is_host(&self, authority: &str) -> bool {
        let Ok(authority) = Authority::from_str(authority) else { return false };
        let host = plain(authority.host());
        is_loopback(&host) || self.hosts.contains(&host)
    }

    fn is_origin(&self, origin: &str) -> bool {
        if self.origins.iter().any(|listed| listed == "*" || listed == origin) {
            return true;
        }
        let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        rest.is_some_and(|authority| self.is_host(authority))
    }

    /// # Errors
    /// The name that is not ours.
    fn check<'a>(&self, request: &'a Request) -> Result<(), &'a str> {
        // A browser always says which host it asks. What says none is no browser, and no page is behind it.
        let in_target = request.uri().authority().map(Authority::as_str);
        for host in request.header(header::HOST).into_iter().chain(in_target) {
            if !self.is_host(host) {
                return Err(host);
            }
        }
        match request.header(header::ORIGIN) {
            Some(origin) if !self.is_origin(origin) => Err(origin),
            _ => Ok(()),
        }
    }
}

/// A host without what says the same in another way: brackets, a dot behind it, its case.
fn plain(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

fn is_loopback(host: &str) -> bool {
    let named = host == "localhost" || host.ends_with(".localhost");
    named || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Answers under its own names alone, where there are such.
pub(crate) struct UnderOwnNames<E> {
    inner: E,
    names: Option<Arc<OwnNames>>,
}

impl<E: Endpoint> UnderOwnNames<E> {
    pub(crate) fn new(inner: E, names: Option<OwnNames>) -> Self {
        Self { inner, names: names.map(Arc::new) }
    }
}

impl<E: Endpoint> Endpoint for UnderOwnNames<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if let Some(Err(foreign)) = self.names.as_ref().map(|names| names.check(&request)) {
            return Err(refusal(foreign));
        }
        self.inner.call(request).await.map(IntoResponse::into_response)
    }
}

fn refusal(foreign: &str) -> poem::Error {
    let en = format!(
        "In development mode this server answers under its own names alone, and {foreign} is none of them. \
         If it should be, put its host into server.development_hosts."
    );
    let zh = format!(
        "开发模式下，服务器只接受以自己的名称发来的请求，{foreign} 不在其中。如需允许，请将其主机名加入 server.development_hosts。"
    );
    teahouse_api::refusal(ErrorCode::NotAllowed, &en, &zh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> OwnNames {
        let mut config = Config::default();
        config.server.public_url = Some("https://Tea.example.com/".to_owned());
        config.server.development_hosts = vec!["192.168.1.7".to_owned(), "tea.local".to_owned()];
        config.server.cors_origins = vec!["https://shop.example".to_owned()];
        OwnNames::of(&config).unwrap()
    }

    #[track_caller]
    fn check(headers: &[(&str, &str)], is_let_in: bool) {
        let builder =
            headers.iter().fold(Request::builder(), |builder, (name, value)| builder.header(*name, *value));
        assert_eq!(names().check(&builder.finish()).is_ok(), is_let_in, "{headers:?}");
    }

    #[test]
    fn the_loopback_and_what_was_told_are_its_names() {
        for host in [
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:8080",
            "localhost:8080",
            "LOCALHOST.",
            "a.localhost",
            "192.168.1.7:8080",
            "tea.local",
            "tea.example.com",
        ] {
            check(&[("host", host)], true);
        }
        check(&[], true);
        for host in [
            "evil.example",
            "localhost.evil.example",
            "192.168.1.8",
            "0.0.0.0",
            "127.0.0.1.evil.example",
            "",
            "a b",
        ] {
            check(&[("host", host)], false);
        }
    }

    #[test]
    fn pages_from_elsewhere_are_not() {
        let here = ("host", "localhost:8080");
        for origin in [
            "http://localhost:8080",
            "http://127.0.0.1:5173",
            "https://tea.example.com",
            "https://shop.example",
        ] {
            check(&[here, ("origin", origin)], true);
        }
        for origin in ["null", "https://evil.example", "http://shop.example", "file://localhost", ""] {
            check(&[here, ("origin", origin)], false);
        }
    }

    #[test]
    fn the_address_that_it_listens_on_is_its_name_where_it_is_one() {
        let knows = |listen: &str, host: &str| {
            let mut config = Config::default();
            config.server.listen = listen.to_owned();
            OwnNames::of(&config).unwrap().is_host(host)
        };
        assert!(knows("10.1.2.3:8080", "10.1.2.3:8080") && knows("[fd00::1]:8080", "[fd00::1]:8080"));
        assert!(!knows("0.0.0.0:8080", "0.0.0.0:8080") && !knows("[::]:8080", "[::]:8080"));
        assert!(!knows("0.0.0.0:8080", "10.1.2.3:8080"));
    }

    #[test]
    fn another_host_in_the_target_does_not_help() {
        let uri = "http://evil.example/wechat-sim/control/people".parse().unwrap();
        let request = Request::builder().uri(uri).header("host", "localhost").finish();
        assert_eq!(names().check(&request), Err("evil.example"));
    }

    #[test]
    fn production_asks_nobody() {
        assert!(OwnNames::of(&Config { mode: Mode::Production, ..Config::default() }).is_none());
    }
}
