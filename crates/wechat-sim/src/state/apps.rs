//! The mini-programs.

use std::net::IpAddr;

use teahouse_wechat::{AppId, Errcode};

use crate::{config::AppConfig, refusal::Refusal};

/// The mini-programs, in the configuration's order.
pub(crate) struct Apps(Vec<AppConfig>);

impl Apps {
    pub(crate) fn new(apps: Vec<AppConfig>) -> Self {
        Self(apps)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &AppConfig> {
        self.0.iter()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&AppConfig> {
        self.0.iter().find(|app| app.app_id.as_str() == id)
    }

    /// The app that is meant where none is named.
    pub(crate) fn first(&self) -> Option<&AppConfig> {
        self.0.first()
    }

    /// Adds an app, or takes the place of the one with its id.
    pub(crate) fn put(&mut self, app: AppConfig) {
        match self.0.iter_mut().find(|known| known.app_id == app.app_id) {
            Some(known) => *known = app,
            None => self.0.push(app),
        }
    }

    /// The app that `id` and `secret` belong to, in the order of WeChat's checks.
    pub(crate) fn authenticate(&self, id: Option<&str>, secret: Option<&str>) -> Result<&AppConfig, Refusal> {
        let id = id.ok_or(Errcode::MissingAppId)?;
        let secret = secret.ok_or(Errcode::MissingAppSecret)?;
        let app = self.find(id).ok_or(Errcode::InvalidAppId)?;
        if app.frozen {
            return Err(Errcode::SecretFrozen.into());
        }
        if app.secret.expose() != secret {
            return Err(Errcode::InvalidAppSecret.into());
        }
        Ok(app)
    }
}

/// Refuses callers from outside the app's allow-list.
pub(crate) fn require_allowed(app: &AppConfig, address: Option<IpAddr>) -> Result<(), Refusal> {
    let allowed = app.allowed_addresses.is_empty()
        || address.is_some_and(|address| app.allowed_addresses.contains(&address.to_canonical()));
    if allowed {
        return Ok(());
    }
    let shown = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    Err(Refusal::because(
        Errcode::AddressNotAllowed,
        format!("invalid ip {shown} ipv6 ::ffff:{shown}, not in whitelist"),
    ))
}

/// The app's id, for answers and for logs.
pub(crate) fn id_of(app: &AppConfig) -> AppId {
    app.app_id.clone()
}
