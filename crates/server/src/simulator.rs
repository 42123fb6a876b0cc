//! WeChat's simulator within the server: in development its mini-program is configured and its paths are
//! mounted, so that people can sign in without WeChat.

use teahouse_wechat_sim::{AppConfig, Config, Simulator};

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

/// A simulator that knows the mini-programs of `wechat`.
pub(crate) fn knowing(wechat: &teahouse_wechat::Config) -> Simulator {
    let mut config = Config::default();
    for app in wechat.apps() {
        if config.apps.iter().all(|known| known.app_id != app.id)
            && let Ok(known) = AppConfig::new(app.id.as_str(), app.secret.expose())
        {
            config.apps.push(known);
        }
    }
    Simulator::new(config)
}
