//! The first lines on start: where things are, and who can sign in.

use std::fmt;
use std::net::SocketAddr;

use super::listen::from_here;
use crate::config::{Config, Mode};
use crate::simulator;

/// Prints where the chat page, the panel and the API's documentation are, and who can sign in.
pub(super) fn print(config: &Config, address: SocketAddr) {
    let base = base_url(config, &from_here(address).to_string());
    let mode = config.mode;
    println!("Teahouse {} ({mode} mode)", env!("CARGO_PKG_VERSION"));
    println!("  chat page      {base}/");
    println!("  admin panel    {base}/admin");
    println!("  documentation  {base}/docs");
    println!("  who can sign in: {}", SignIns::of(config));
    if mode == Mode::Development && !address.ip().is_loopback() {
        println!("  CAREFUL: in development mode whoever reaches this address can sign in as anyone");
        println!("  It answers as localhost, and as what server.development_hosts names");
    }
}

/// Where a person finds the server, which listens on `address`.
pub(crate) fn base_url(config: &Config, address: &str) -> String {
    let public = config.server.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    public.unwrap_or_else(|| format!("{}://{address}", scheme(config)))
}

/// How the server is spoken to.
pub(crate) fn scheme(config: &Config) -> &'static str {
    if config.tls.is_on() { "https" } else { "http" }
}

/// Who can sign in, in words.
pub(crate) struct SignIns {
    apps: Vec<String>,
    simulated: bool,
    guests: bool,
}

impl SignIns {
    pub(crate) fn of(config: &Config) -> Self {
        let apps = &config.wechat.apps;
        Self {
            simulated: apps.iter().any(|app| simulator::is_own_app(&app.app_id)),
            apps: apps
                .iter()
                .filter(|app| !simulator::is_own_app(&app.app_id))
                .map(|app| app.app_id.to_string())
                .collect(),
            guests: config.guests.allowed,
        }
    }
}

impl fmt::Display for SignIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut who = Vec::new();
        if !self.apps.is_empty() {
            who.push(format!("people of the mini-programs {}", self.apps.join(", ")));
        }
        if self.simulated {
            who.push("the people of WeChat's simulator".to_owned());
        }
        if self.guests {
            who.push("guests".to_owned());
        }
        who.push("users of business servers with an API key".to_owned());
        f.write_str(&who.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_sign_in_is_told_from_the_configuration() {
        let mut config = Config::default();
        assert_eq!(SignIns::of(&config).to_string(), "users of business servers with an API key");
        config.guests.allowed = true;
        assert_eq!(SignIns::of(&config).to_string(), "guests; users of business servers with an API key");
    }
}
