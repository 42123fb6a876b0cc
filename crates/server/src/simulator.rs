//! WeChat's simulator within the server: in development its mini-program is configured and its paths are
//! mounted, so that people can sign in without WeChat.

use std::net::SocketAddr;

use teahouse_wechat_sim::{AppConfig, Config, Reach, Simulator};

use crate::config::ServerConfig;
use crate::serve::from_here;

/// Below which path the simulator is mounted.
pub(crate) const MOUNT: &str = "/wechat-sim";

/// Whether `id` is the simulator's own mini-program, whose secret everybody knows.
pub(crate) fn is_own_app(id: &teahouse_wechat::AppId) -> bool {
    Simulator::new(Config::default()).apps().iter().any(|app| app.id == *id)
}

/// The simulator's mini-programs as the value of `wechat.apps`.
pub(crate) fn apps() -> String {
    let apps = Simulator::new(Config::default()).apps();
    let shown: Vec<_> = apps
        .iter()
        .map(|app| format!("{{ app_id = \"{}\", secret = \"{}\" }}", app.id, app.secret.expose()))
        .collect();
    format!("[{}]", shown.join(", "))
}

/// A simulator that knows the mini-programs of `wechat`, and reaches the server that listens on `address`.
pub(crate) fn knowing(
    wechat: &teahouse_wechat::Config,
    server: &ServerConfig,
    address: SocketAddr,
) -> Simulator {
    let mut config = Config { reach: reach(server, address), ..Config::default() };
    for app in wechat.apps() {
        if config.apps.iter().all(|known| known.app_id != app.id)
            && let Ok(known) = AppConfig::new(app.id.as_str(), app.secret.expose())
        {
            config.apps.push(known);
        }
    }
    Simulator::new(config)
}

/// Where WeChat would push to: the mini-program's own server, which is this one, and what else its operator names.
fn reach(server: &ServerConfig, address: SocketAddr) -> Reach {
    let here = format!("http://{}", from_here(address));
    // An origin is nothing but scheme, host and port.
    let public = server.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let public = public.map(|url| url.origin().ascii_serialization());
    let origins = [here].into_iter().chain(public).chain(server.simulator_reach.iter().cloned());
    Reach::Origins(origins.filter_map(|origin| origin.parse().ok()).collect())
}
