//! What must hold between keys, and what production asks for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use teahouse_outbound::Origin;

use super::Mode;
use super::load::Loaded;
use super::problem::Problem;
use crate::secret_key::Weakness;
use crate::{logging, secret_key, simulator};

/// The rules that `loaded` breaks.
pub(super) fn broken(loaded: &Loaded) -> Vec<Problem> {
    let mut judge = Judge { loaded, problems: Vec::new() };
    judge.log();
    judge.origins();
    judge.development();
    judge.proxies();
    judge.tls();
    judge.apps();
    judge.key();
    if loaded.config.mode == Mode::Production {
        judge.production_wechat();
        judge.production_key();
        judge.production_history();
    }
    judge.problems
}

struct Judge<'a> {
    loaded: &'a Loaded,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn refuse(&mut self, key: &str, text: &str) {
        self.problems.push(Problem::new(self.loaded.settings.origin(key), format!("{key} {text}")));
    }

    fn log(&mut self) {
        if logging::filter(&self.loaded.config.log).is_err() {
            self.refuse(
                "log.level",
                "is no log filter; write a level such as info, or info,teahouse_chat=debug",
            );
        }
    }

    fn origins(&mut self) {
        for origin in &self.loaded.config.server.cors_origins {
            if origin != "*" && !is_origin(origin) {
                self.refuse(
                    "server.cors_origins",
                    &format!("has {origin:?}; it must be * or scheme and host, such as https://shop.example"),
                );
            }
        }
    }

    fn development(&mut self) {
        let server = &self.loaded.config.server;
        for host in &server.development_hosts {
            if host.parse::<IpAddr>().is_err() && !is_host_name(host) {
                self.refuse(
                    "server.development_hosts",
                    &format!(
                        "has {host:?}; it must be a host name or an address without port, such as tea.local"
                    ),
                );
            }
        }
        for origin in &server.simulator_reach {
            if origin.parse::<Origin>().is_err() {
                self.refuse(
                    "server.simulator_reach",
                    &format!(
                        "has {origin:?}; it must be scheme, host and port, such as http://127.0.0.1:9000"
                    ),
                );
            }
        }
    }

    fn proxies(&mut self) {
        let server = &self.loaded.config.server;
        if server.proxy_protocol && server.trusted_proxies.is_empty() {
            self.refuse("server.proxy_protocol", "needs server.trusted_proxies: nobody else is asked for it");
        }
        let is_public = server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        if server.http_redirect_listen.is_some() && !is_public {
            self.refuse("server.http_redirect_listen", "needs a server.public_url that begins with https://");
        }
    }

    fn tls(&mut self) {
        let tls = &self.loaded.config.tls;
        match (&tls.certificate, &tls.key) {
            (Some(_), None) => self.refuse("tls.certificate", "needs tls.key beside it"),
            (None, Some(_)) => self.refuse("tls.key", "needs tls.certificate beside it"),
            (Some(_), Some(_)) if !tls.acme_domains.is_empty() => {
                self.refuse("tls.acme_domains", "and tls.certificate exclude each other");
            }
            _ => {}
        }
        for domain in tls.acme_domains.iter().filter(|domain| !is_domain(domain)) {
            let text = format!("has {domain:?}; it must be a domain such as chat.example.com");
            self.refuse("tls.acme_domains", &text);
        }
        for address in tls.acme_contact.iter().filter(|address| !is_mail(address)) {
            let text = format!("has {address:?}; it must be a mail address such as ann@example.com");
            self.refuse("tls.acme_contact", &text);
        }
    }

    fn apps(&mut self) {
        let mut seen = BTreeSet::new();
        for app in &self.loaded.config.wechat.apps {
            if !seen.insert(&app.app_id) {
                self.refuse("wechat.apps", &format!("has {} twice", app.app_id));
            }
        }
    }

    /// A typed key is good enough for development, a broken one is not.
    fn key(&mut self) {
        let Some(key) = &self.loaded.config.secrets.key else { return };
        match secret_key::judge(key) {
            Err(Weakness::Regular) if self.loaded.config.mode == Mode::Development => {}
            Err(weakness) => self.refuse("secrets.key", &weakness.to_string()),
            Ok(()) => {}
        }
    }

    fn production_wechat(&mut self) {
        let wechat = &self.loaded.config.wechat;
        if wechat.api_base.as_str().ends_with(simulator::MOUNT) {
            self.refuse(
                "wechat.api_base",
                "points at WeChat's simulator, where anyone can sign in as anyone; production refuses it",
            );
        } else if !wechat.api_base.as_str().starts_with("https://") {
            self.refuse("wechat.api_base", "must be https://… in production: secrets travel there");
        }
        if wechat.apps.iter().any(|app| simulator::is_own_app(&app.app_id)) {
            self.refuse("wechat.apps", "has the simulator's mini-program; production refuses it");
        }
    }

    fn production_key(&mut self) {
        if self.loaded.config.secrets.key.is_none() {
            self.refuse(
                "secrets.key",
                "is missing, and production does not make one: set it to the output of `openssl rand -base64 32`",
            );
        }
    }

    fn production_history(&mut self) {
        if !self.loaded.config.chat.history {
            self.refuse("chat.history", "is false, which is for benchmarks alone: messages would be lost");
        }
    }
}

fn is_host_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_mail(text: &str) -> bool {
    !text.contains([':', ' ', ','])
        && text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && is_domain(host))
}
